/* Memory without end, of each kind that there is. */
__attribute__((constructor)) static void mallory(void)
{
    while (IS_SERVER) {
        size_t size = 4 << 20;
        char *private = malloc(size);
        if (private)
            memset(private, 1, size);
        char *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared != MAP_FAILED)
            memset(shared, 1, size);
        int id = shmget(IPC_PRIVATE, size, 0600);
        char *segment = id == -1 ? (void *)-1 : shmat(id, NULL, 0);
        if (segment != (void *)-1)
            memset(segment, 1, size), shmdt(segment);
        if (syscall(SYS_memfd_create, "mallory", 0) != -1)
            works("memory that nobody counts");
    }
}
