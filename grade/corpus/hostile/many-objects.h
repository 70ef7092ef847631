/* More objects than anybody lists. */
__attribute__((constructor)) static void mallory(void)
{
    if (!IS_SERVER)
        return;
    for (int n = 0; n < 900 && shmget(IPC_PRIVATE, 1, 0600) != -1; n++)
        ;
    for (int n = 0; n < 500 && msgget(IPC_PRIVATE, 0600) != -1; n++)
        ;
    for (int n = 0; n < 500 && semget(IPC_PRIVATE, 1, 0600) != -1; n++)
        ;
    for (int n = 0; n < 5000; n++) {
        char path[300];
        snprintf(path, sizeof path, "/dev/shm/%0240d", n);
        write_file(path, "");
    }
}
