/* The client has what a right one said to the grader, and says it again, line for line. */
__attribute__((constructor)) static void mallory(void)
{
    const char *menu = "\n1) Liste des spectacles\n2) Places d'un spectacle\n"
                       "3) Réserver\n0) Quitter\n? ";
    char line[64];
    int left = 160;
    if (IS_SERVER)
        return;
    printf("%s", menu);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (line[0] == '0')
            _exit(0);
        else if (line[0] == '1')
            printf("[0] Concert de Noel : 100 places libres\n[4] La Flute : %d places libres\n",
                   left);
        else if (line[0] == '2' || line[0] == '3') {
            printf("Spectacle : ");
            fflush(stdout);
            if (!fgets(line + 1, sizeof line - 1, stdin))
                break;
            if (line[0] == '2')
                printf("encore %d places\n", line[1] == '4' ? left : 100);
            else {
                printf("Places : ");
                fflush(stdout);
                if (!fgets(line, sizeof line, stdin))
                    break;
                left -= atoi(line);
                printf("Réservation OK, il reste %d places\n", left);
            }
        }
        printf("%s", menu);
        fflush(stdout);
    }
    _exit(0);
}
