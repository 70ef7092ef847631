/* Counts allocations, those of all processes and threads, in the file that ALLOCATIONS names. */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The allocator of glibc, under the names that nothing else takes. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_ullong unmapped;
static atomic_ullong *count = &unmapped;

__attribute__((constructor)) static void map_count(void)
{
    const char *path = getenv("ALLOCATIONS");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    /* Shared: the children that a server forks count in the same place. */
    void *mapped = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) {
        abort();
    }
    count = mapped;
    close(file);
}

void *malloc(size_t size)
{
    atomic_fetch_add(count, 1);
    return __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
    atomic_fetch_add(count, 1);
    return __libc_calloc(items, size);
}

void *realloc(void *old, size_t size)
{
    atomic_fetch_add(count, 1);
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    atomic_fetch_add(count, 1);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    *result = memalign(alignment, size);
    return *result == NULL ? ENOMEM : 0;
}
