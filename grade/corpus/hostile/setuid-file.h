/* A setuid file, handed in and made anew. */
__attribute__((constructor)) static void mallory(void)
{
    struct stat status;
    if (IS_SERVER && stat("helper", &status) == 0 && status.st_mode & (S_ISUID | S_ISGID))
        works("handing in a setuid file");
    chmod("helper", 06755);
    if (setuid(0) == 0 || seteuid(0) == 0 || geteuid() != 1000)
        works("becoming root");
    int ended = 0;
    if (IS_SERVER && fork() == 0) {
        execl("./helper", "helper", "-p", "-c", "test $(id -u) = 0 && exit 66", NULL);
        _exit(0);
    }
    if (IS_SERVER && wait(&ended) != -1 && WIFEXITED(ended) && WEXITSTATUS(ended) == 66)
        works("a setuid shell");
}
