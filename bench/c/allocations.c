// Stands in front of malloc and its like (LD_PRELOAD) and counts their calls, in a file that the
// measuring process reads: $ALLOCATIONS, 8 bytes.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own, under the names by which it lets others stand in front of them.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_ulong nowhere;
static atomic_ulong *counter = &nowhere;

__attribute__((constructor)) static void open_counter(void)
{
    const char *path = getenv("ALLOCATIONS");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file == -1)
        return;
    // Shared: the children that a server forks count in the same place.
    void *page = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED)
        counter = page;
    close(file);
}

void *malloc(size_t size)
{
    atomic_fetch_add(counter, 1);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    atomic_fetch_add(counter, 1);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    atomic_fetch_add(counter, 1);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    atomic_fetch_add(counter, 1);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    atomic_fetch_add(counter, 1);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **into, size_t alignment, size_t size)
{
    atomic_fetch_add(counter, 1);
    *into = __libc_memalign(alignment, size);
    return *into == NULL ? ENOMEM : 0;
}
