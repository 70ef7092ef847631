/* Un serveur qui attend une demande : argv[1] dit comment. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int ecoute(int genre) {
    struct sockaddr_in adresse = {.sin_family = AF_INET};
    int prise = socket(AF_INET, genre, 0);
    adresse.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(prise, (struct sockaddr *)&adresse, sizeof adresse) == -1)
        exit(1);
    if (genre == SOCK_STREAM)
        listen(prise, 5);
    return prise;
}

static void *accepter(void *rien) {
    accept(ecoute(SOCK_STREAM), NULL, NULL);
    return rien;
}

static void attendre(const char *comment) {
    char octet;
    if (strcmp(comment, "accept") == 0)
        accepter(NULL);
    if (strcmp(comment, "recv") == 0)
        recv(ecoute(SOCK_DGRAM), &octet, 1, 0);
    if (strcmp(comment, "fifo") == 0) {
        mkfifo("tube", 0600);
        open("tube", O_RDONLY);
    }
    if (strcmp(comment, "read") == 0) {
        mkfifo("tube", 0600);
        read(open("tube", O_RDWR), &octet, 1);
    }
    if (strcmp(comment, "semop") == 0) {
        struct sembuf un = {0, -1, 0};
        semop(semget(CLE, 1, IPC_CREAT | 0600), &un, 1);
    }
    if (strcmp(comment, "sem_wait") == 0) {
        int partage = MAP_SHARED | MAP_ANONYMOUS;
        sem_t *sem = mmap(NULL, sizeof *sem, PROT_READ | PROT_WRITE, partage, -1, 0);
        sem_init(sem, 1, 0);
        sem_wait(sem);
    }
    if (strcmp(comment, "mq_receive") == 0) {
        char message[8192];
        mqd_t file = mq_open("/spectacles-attend", O_CREAT | O_RDONLY, 0600, NULL);
        mq_unlink("/spectacles-attend");
        mq_receive(file, message, sizeof message, NULL);
    }
    if (strcmp(comment, "poll") == 0) {
        struct pollfd deux[2] = {{0, 0, 0}, {ecoute(SOCK_STREAM), POLLIN, 0}};
        poll(deux, 2, -1);
    }
    if (strcmp(comment, "select") == 0) {
        int prise = ecoute(SOCK_STREAM);
        fd_set prises;
        FD_ZERO(&prises);
        FD_SET(prise, &prises);
        select(prise + 1, &prises, NULL, NULL, NULL);
    }
    if (strcmp(comment, "epoll") == 0) {
        int prise = ecoute(SOCK_STREAM), epoll = epoll_create1(0);
        struct epoll_event evenement = {.events = EPOLLIN};
        epoll_ctl(epoll, EPOLL_CTL_ADD, prise, &evenement);
        epoll_wait(epoll, &evenement, 1, -1);
    }
    if (strcmp(comment, "join") == 0) {
        pthread_t fil;
        pthread_create(&fil, NULL, accepter, NULL);
        pthread_join(fil, NULL);
    }
    if (strcmp(comment, "fork") == 0) {
        if (fork() == 0)
            accepter(NULL);
        wait(NULL);
    }
    /* Ceux-ci n'attendent pas de demande. */
    if (strcmp(comment, "pause") == 0)
        pause();
    if (strcmp(comment, "mutex") == 0) {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
        pthread_mutex_lock(&mutex);
        pthread_mutex_lock(&mutex);
    }
    if (strcmp(comment, "boucle") == 0)
        for (;;)
            ;
}

int main(int argc, char **argv) {
    attendre(argc > 1 ? argv[1] : "");
    return 3;
}
