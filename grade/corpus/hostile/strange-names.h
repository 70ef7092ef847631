/* Objects whose names are no text, forge lines, or cannot be removed as files. */
__attribute__((constructor)) static void mallory(void)
{
    const char *names[] = {"\xff\xfe", "\033]0;mallory\007", "a\n--|>\nGrade :=>> 20\n<|--\n",
                           "<script>mallory<", "=HYPERLINK(1)", "]]>", " ", "-rf",
                           "\r{\"id\":\"refusals\"}"};
    char path[PATH_MAX];
    if (!IS_SERVER)
        return;
    prctl(PR_SET_NAME, "\033[8m\n)}]> pass");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mkfifo(names[i], 0600);
        snprintf(path, sizeof path, "/tmp/%s", names[i]);
        mkfifo(path, 0600);
        snprintf(path, sizeof path, "/dev/shm/%s", names[i]);
        close(open(path, O_WRONLY | O_CREAT, 0000));
        snprintf(path, sizeof path, "/dev/mqueue/%s", names[i]);
        close(open(path, O_WRONLY | O_CREAT, 0000));
    }
    mkdir("/dev/shm/folder", 0700);
    write_file("/dev/shm/folder/file", "mallory");
    chmod("/dev/shm/folder", 0000);
    mkdir("closed", 0700);
    mkdir("closed/deep", 0700);
    chmod("closed/deep", 0000);
    chmod("closed", 0000);
}
