// The menu: it reads what a person types, and asks ask() for everything else. It is complete.
#include "protocol.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Reads a number; 0 at the end of input. What is no number, or too large, is asked again.
static int read_number(const char *prompt, int *number)
{
    char line[64];
    for (;;) {
        printf("%s", prompt);
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL)
            return 0;
        char *end;
        errno = 0;
        long value = strtol(line, &end, 10);
        if (end != line && *end == '\n' && errno == 0 && value >= INT_MIN && value <= INT_MAX) {
            *number = (int)value;
            return 1;
        }
        if (strchr(line, '\n') == NULL) {
            int c;
            while ((c = getchar()) != '\n' && c != EOF)
                ;
        }
        printf("A number, please.\n");
    }
}

static void consult(void)
{
    for (int show = 1; show <= SHOWS; show++) {
        struct request request = {.kind = CONSULT, .show = show};
        struct reply reply;
        if (!ask(&request, &reply))
            return;
        printf("%d  %s: %d seats\n", show, titles[show - 1], reply.left);
    }
}

static void reserve(int show, int seats)
{
    struct request request = {.kind = RESERVE, .show = show, .seats = seats};
    struct reply reply;
    if (!ask(&request, &reply))
        return;
    if (reply.done)
        printf("confirmed: %d seats are yours\n", seats);
    else
        printf("refused\n");
}

void menu(void)
{
    int choice, show, seats;
    while (read_number("1 shows, 2 reserve, 0 quit > ", &choice) && choice != 0) {
        if (choice == 1)
            consult();
        else if (choice == 2 && read_number("show > ", &show) && read_number("seats > ", &seats))
            reserve(show, seats);
    }
}
