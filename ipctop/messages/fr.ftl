# Ce que fait un processus.
does-stopped = est arrêté
does-unknown = fait quelque chose qu'on ne peut pas voir
does-wait = attend dans { $call }
does-run = s'exécute
some-child = un de ses enfants
n-messages = { $count ->
    [one] { $count } message
   *[other] { $count } messages
}

# Constats : une phrase, et ce qu'il faut faire ensuite.
stopped = { $process } est arrêté : il ne fait rien tant qu'on ne le relance pas.
    .next = kill -CONT { $pid }
stopped-holds-lock = { $process } est arrêté et tient le verrou de { $object }, que { $waiters } attend.
    .next = kill -CONT { $pid }
stopped-holds-mutex = { $process } est arrêté et tient un mutex que { $waiters } attend.
    .next = kill -CONT { $pid }
stopped-holds-semaphore = { $process } est arrêté et a modifié en dernier l'ensemble de sémaphores { $semid }, que { $count ->
    [one] { $count } thread attend
   *[other] { $count } threads attendent
}.
    .next = kill -CONT { $pid }
stopped-has-messages = { $process } est arrêté, et { $count ->
    [one] { $count } message attend
   *[other] { $count } messages attendent
} dans la file { $object }, où il reçoit.
    .next = kill -CONT { $pid }
stopped-has-bytes = { $process } est arrêté, et { $count ->
    [one] { $count } octet attend
   *[other] { $count } octets attendent
} pour lui dans { $object }.
    .next = kill -CONT { $pid }
eof-never = { $process } lit { $object } et n'en verra jamais la fin : { $holder } a encore un côté écriture, le descripteur { $descriptor }, et n'écrit pas.
    .next = fermer ce descripteur avec close(2) dans { $holder }, juste après fork(2)
eof-never-own = { $process } lit { $object } et n'en verra jamais la fin : il a encore lui-même le côté écriture, le descripteur { $descriptor }.
    .next = fermer le descripteur { $descriptor } dans { $process } avant de lire
reply-lost = Une réponse est perdue, tous attendent de recevoir et rien n'est en route : { $steps }.
    .next = { $how ->
        [socket] l'un d'eux lit-il jusqu'à la fin ? L'autre doit fermer son côté par shutdown(2), ou envoyer d'abord une longueur
       *[other] chercher où le serveur ({ $pid }) envoie sa réponse : vers quel type ou quel tube ? Teste-t-il le résultat ?
    }
nobody-answers = { $process } attend une réponse dans la file { $object }, mais le processus { $server }, qui a pris sa requête, est mort.
    .next = relancer le serveur, et donner un délai au client
cycle = Un cercle d'attentes, personne ne peut continuer : { $steps }.
    .next = { $how ->
        [locks] les prendre partout dans le même ordre
        [end] le lecteur attend la fin du fichier : fermer le côté écriture par close(2) ou shutdown(2) avant d'attendre ce lecteur
       *[other] que l'un d'eux ({ $pid }) lise avant d'écrire, ou n'attende pas (O_NONBLOCK, IPC_NOWAIT)
    }
queue-full-dead = { $process } attend dans msgsnd : la file { $object } est pleine : { $bytes } octets sur { $max }, et il veut en envoyer { $wanted } ; { $count ->
    [one] { $count } message est
   *[other] { $count } messages sont
} pour le processus { $owner }, qui est mort.
    .next = ipctop, puis p les montre ; envoyer avec IPC_NOWAIT, et retirer les messages des morts
queue-full-unread = { $process } attend dans msgsnd : la file { $object } est pleine : { $bytes } octets sur { $max }, et il veut en envoyer { $wanted } ; { $count ->
    [one] { $count } message est
   *[other] { $count } messages sont
} pour { $reader }, qui { $does } et ne les lit pas.
    .next = ipctop --pid { $owner } montre ce qu'il fait à la place ; envoyer avec IPC_NOWAIT
queue-full = { $process } attend dans msgsnd : la file { $object } est pleine : { $bytes } octets sur { $max }, et il veut en envoyer { $wanted } ; personne ne reçoit.
    .next = lancer le récepteur, ou supprimer la file : ipcrm -q { $msqid }
posix-queue-full = { $process } attend dans mq_send : la file { $object } est pleine, { $count } messages ; ses autres utilisateurs : { $does }.
    .next = lancer le récepteur, ou envoyer avec O_NONBLOCK
message-unwanted = { $count ->
    [one] { $count } message
   *[other] { $count } messages
} de type { $type } dans la file { $object } : personne n'attend ce type. Qui y attend : { $waits }.
    .next = comparer le type dans msgsnd avec celui dans msgrcv
queue-no-receiver = { $count ->
    [one] { $count } message attend
   *[other] { $count } messages attendent
} dans la file { $object } et personne ne reçoit : le processus { $receiver }, qui le faisait, est mort. { $process } a envoyé en dernier.
    .next = relancer le serveur
key-shared = { $one } et { $other } sont deux programmes différents et reçoivent les mêmes messages de la file { $object } : chacun prend ce qui est pour l'autre.
    .next = donner à ftok(3) un autre fichier ou une autre lettre dans l'un d'eux
key-minus-one = La file { $id } a la clé -1 : ftok(3) a échoué, et tous les programmes dont ftok échoue partagent cette file.
    .next = tester le résultat de ftok : son fichier existe-t-il ?
fifo-opens = { $process } attend dans open(2) d'un tube nommé que quelqu'un ouvre l'autre côté.
    .next = ls -l /proc/{ $pid }/cwd, et lancer l'autre côté
fifo-no-writer = { $process } attend dans open(2) pour lire { $object } : personne ne l'a ouvert en écriture.
    .next = lancer l'écrivain, ou ouvrir avec O_NONBLOCK
fifo-no-reader = { $process } attend dans open(2) pour écrire dans { $object } : personne ne l'a ouvert en lecture.
    .next = lancer le lecteur ; le serveur tourne-t-il ?
fifo-order = { $process } attend dans open(2) de { $object }, et { $other } dans open(2) de { $second } : chacun ouvre d'abord ce que l'autre ouvre ensuite.
    .next = ouvrir les tubes dans le même ordre des deux côtés
fifo-gone = { $process } attend dans { $call } sur { $object }, dont le nom a disparu ou mène ailleurs : personne ne peut le rejoindre.
    .next = terminer { $process } (kill { $pid }), créer le tube une seule fois, et recommencer
fifo-replaced = { $process } et { $other } attendent tous deux dans open(2) de { $object } : il a été supprimé et recréé entre les deux, ce sont deux tubes différents.
    .next = créer le tube une seule fois, avant les deux ouvertures
fifo-unlinked = { $process } attend dans { $call } sur { $object }, dont le nom a disparu : personne ne peut plus ouvrir l'autre côté.
    .next = terminer { $process } (kill { $pid }), et ne supprimer que ce dont personne n'a besoin
pipe-full = { $process } attend dans write : { $object } est plein, { $bytes } octets, et { $reader }, qui devrait le lire, { $does }.
    .next = ipctop --pid { $pid } montre ce que le lecteur fait à la place
pipe-no-reader = { $process } a le côté écriture de { $object }, et personne n'a le côté lecture : sa prochaine écriture le tue par SIGPIPE.
    .next = fermer le côté écriture, ou ignorer SIGPIPE et tester EPIPE
semaphore-untouched = { $process } attend l'ensemble de sémaphores { $id }, dont la valeur est { $value } : personne ne l'a modifié depuis sa création.
    .next = lui donner sa première valeur : semctl(SETVAL)
semaphore-not-zero = { $process } attend que l'ensemble de sémaphores { $id } soit à 0, et sa valeur est { $value } : quelqu'un doit encore le prendre.
    .next = comparer la première valeur, semctl(SETVAL), avec le nombre de processus qui le prennent
semaphore-own = { $process } attend l'ensemble de sémaphores { $id }, dont la valeur est { $value }, et l'a modifié lui-même en dernier : il le prend deux fois.
    .next = le rendre avant de le reprendre
semaphore-dead = { $process } attend l'ensemble de sémaphores { $id }, dont la valeur est { $value } : le processus { $last } l'a modifié en dernier et il est mort.
    .next = utiliser SEM_UNDO, pour que le noyau rende ce qu'un mort avait pris
semaphore-held = { $process } attend l'ensemble de sémaphores { $id }, dont la valeur est { $value } : { $holder } l'a modifié en dernier et { $does }.
    .next = regarder ce que le détenteur attend : il a pris le sémaphore et ne l'a pas rendu
mutex-own = { $process } : le thread { $tid } attend un mutex qu'il a déjà : il l'a verrouillé deux fois.
    .next = le libérer d'abord, ou le faire PTHREAD_MUTEX_ERRORCHECK pour être prévenu
mutex-dead = { $process } attend un mutex dont le propriétaire, le thread { $tid }, est mort.
    .next = le rendre robuste : pthread_mutexattr_setrobust(3)
mutex-cycle = { $process } attend un mutex du thread { $holder }, qui en attend un que ce thread a.
    .next = verrouiller les deux partout dans le même ordre
mutex-held = { $process } attend un mutex du thread { $holder }, qui attend dans { $does }.
    .next = ne rien attendre tant qu'un mutex est verrouillé
posix-semaphore-alone = { $process } attend le sémaphore { $object }, et aucun autre processus ne l'a ouvert : personne ne peut le libérer.
    .next = lancer le processus qui appelle sem_post(3), et comparer les noms
posix-semaphore-all = { $process } attend le sémaphore { $object }, comme tous ceux qui l'ont ({ $count } de plus).
    .next = quelqu'un doit appeler sem_post(3) ; on ne peut pas savoir qui l'a pris puis est mort
lock-own = { $process } attend le verrou de { $object }, qu'il tient lui-même par un autre descripteur.
    .next = ne verrouiller qu'un descripteur
lock-inherited = { $process } attend le verrou de { $object } : celui qui l'a pris est mort, mais { $heirs } a encore son descripteur.
    .next = terminer les enfants, ou y fermer le descripteur
lock-held = { $process } attend le verrou de { $object } : { $holder } le tient et { $does }.
    .next = regarder ce que le détenteur attend
threads-all-wait = { $process } : { $count ->
    [one] son seul thread attend un verrou ou une condition
   *[other] ses { $count } threads attendent tous des verrous ou des conditions
} à lui : il ne reste personne pour les réveiller.
    .next = gdb -p { $pid }, puis : thread apply all backtrace
socket-unread = { $process } a envoyé { $bytes } octets sur { $object } que l'autre côté ne lit pas : { $peer }.
    .next = le lecteur doit lire, et l'écrivain avoir un délai (SO_SNDTIMEO)
socket-half-open = { $process } a la connexion { $object }, mais l'autre côté a disparu sans un mot : il attendrait toujours.
    .next = mettre un délai (SO_RCVTIMEO) ou SO_KEEPALIVE
socket-peer-closed = { $process } a la connexion { $object }, que l'autre côté a fermée (CLOSE_WAIT) : il { $does } et ne la ferme pas.
    .next = lire jusqu'à 0, puis close(2)
backlog-full = { $count } connexions attendent sur { $object }, autant que possible ({ $max }) : { $process } { $does } et ne les accepte pas.
    .next = accepter dans un thread à part ; les nouveaux clients restent dans connect(2)
backlog-waiting = { $count ->
    [one] { $count } connexion attend
   *[other] { $count } connexions attendent
} sur { $object } d'être acceptée : { $process } { $does }.
    .next = ipctop --pid { $pid } montre ce qu'il fait au lieu de accept(2)
signal-blocked = { $signal } a été envoyé à { $process }, qui le bloque : il ne se terminera pas.
    .next = le débloquer après fork ou pthread_create, ou l'attendre avec sigwait(3) ; kill -KILL { $pid } le termine maintenant
children-ignored = { $process } ignore SIGCHLD et attend un enfant : wait(2) ne revient qu'après le dernier enfant, avec une erreur.
    .next = signal(SIGCHLD, SIG_DFL) avant fork(2)
signal-missed = { $process } et tous les autres ici, { $count } processus, attendent un signal dans pause(2), et personne ne peut plus l'envoyer : il est peut-être venu avant pause.
    .next = bloquer le signal (sigprocmask) avant le fork, et attendre avec sigsuspend(2)
end-ignored = { $process } ignore SIGTERM, et { $parent } attend sa fin.
    .next = kill -KILL { $pid }, et remettre SIG_DFL dans l'enfant
spinning = { $process } : le thread { $tid } utilise { $percent } % d'un processeur et n'attend jamais.
    .next = gdb -p { $pid } montre la boucle ; attendre quelque chose (poll, une lecture bloquante) au lieu de redemander sans cesse
threads-growing = { $process } a { $count } threads, { $before } un instant avant, et aucun ne se termine.
    .next = les limiter ; attendent-ils quelque chose ? ipctop --once --pid le montre
children-growing = { $process } a { $count } enfants, { $before } un instant avant, et aucun ne se termine.
    .next = les limiter, et attendre avec wait(2) ceux qui se terminent
descriptors-limit = { $process } a { $count } descripteurs ouverts et peut en avoir { $max } : bientôt open, accept et pipe échouent avec EMFILE.
    .next = fermer avec close(2) ce qui est fini ; ls -l /proc/PID/fd le montre
queues-limit = { $count } files de messages existent, le maximum ({ $max }, msgmni) : msgget échoue avec ENOSPC.
    .next = ipcs -q les liste, ipcrm -q en supprime une
segments-limit = { $count } segments de mémoire partagée existent, le maximum ({ $max }, shmmni) : shmget échoue avec ENOSPC.
    .next = ipcs -m les liste, ipcrm -m en supprime un
sets-limit = { $count } ensembles de sémaphores existent, le maximum ({ $max }, semmni) : semget échoue avec ENOSPC.
    .next = ipcs -s les liste, ipcrm -s en supprime un
zombie = { $process } est terminé, mais son parent { $parent } ne le récupère pas : le parent { $does }.
    .next = appeler waitpid(2) dans le parent, en boucle avec WNOHANG sur SIGCHLD
orphan = { $process } continue sans son parent, et { $does }.
    .next = kill { $pid } ; qu'il se termine avec son parent : prctl(PR_SET_PDEATHSIG)
queue-leak = La file { $object } est restée : ses utilisateurs ({ $users }) sont morts. Elle contient { $count ->
    [one] { $count } message
   *[other] { $count } messages
}.
    .next = ipcrm -q { $id }
posix-queue-leak = La file POSIX { $object } est abandonnée : personne ici ne l'a ouverte. Elle contient { $count ->
    [one] { $count } message
   *[other] { $count } messages
}.
    .next = rm /dev/mqueue{ $object }, ou mq_unlink(3), si aucun programme n'y revient
segment-leak = Le segment de mémoire partagée { $id } est resté, { $bytes } octets : son créateur { $maker } est mort et personne ne l'attache.
    .next = ipcrm -m { $id }
semaphore-leak = L'ensemble de sémaphores { $id } est resté : ses utilisateurs ({ $users }) sont morts.
    .next = ipcrm -s { $id }
fifo-leak = Le tube nommé { $object } est resté : personne ne l'a ouvert.
    .next = supprimer le tube avec rm, si aucun serveur ne tourne là

# Remarques : ce qui n'a pas pu être vu.
note-descriptors-hidden = Les descripteurs de { $count } processus ne peuvent pas être vus : ils sont à quelqu'un d'autre.
note-processes-not-read = { $count } processus n'ont pas encore été lus : ce qui est bloqué sera dit quand tous l'auront été.
note-other-ipc-namespace = { $count } processus sont dans un autre espace de noms IPC : leurs objets System V ne se voient pas d'ici (nsenter --ipc -t PID ipctop).
note-calls-hidden = Les arguments des appels système ne peuvent pas être vus (ptrace_scope, ou autre utilisateur) : les objets sont déduits des descripteurs ouverts.
note-pipes-not-measured = On ne peut pas voir le remplissage de certains tubes : leurs descripteurs ne peuvent pas être dupliqués.
note-threads-not-listed = Un processus a plus de 500 threads : les autres sont seulement comptés.
note-queues-hidden = { $count } files ne peuvent pas être lues : les permissions de leur propriétaire.
note-messages-cannot-be-copied = Ce noyau ne sait pas copier les messages (MSG_COPY demande CONFIG_CHECKPOINT_RESTORE) : seules les tailles des files sont montrées.
note-messages-not-listed = Une file a plus de 600 messages : les autres sont seulement comptés.
note-semaphores-hidden = Certains sémaphores ne peuvent pas être lus : { $error }.
note-sockets-hidden = Les sockets ne peuvent pas être énumérées : { $error }.
note-no-system-v = Les objets System V ne peuvent pas être énumérés : { $error }.

# Les titres du texte.
nothing-stuck = rien n'est bloqué
head-findings = { $count ->
    [one] BLOQUÉ : { $count } constat
   *[other] BLOQUÉ : { $count } constats
}
head-processes = PROCESSUS : pid nom état CPU mémoire, et l'appel où il attend
head-pipes = TUBES ({ $count }) : octets / place : écrivains -> lecteurs
head-queues = FILES SYSTEM V : clé, octets / place, dernier émetteur -> dernier récepteur
head-segments = MÉMOIRE PARTAGÉE SYSTEM V ({ $count })
head-semaphores = SÉMAPHORES SYSTEM V ({ $count }) : valeurs
head-posix = OBJETS POSIX ({ $count })
head-sockets = SOCKETS ({ $count }) : propriétaire - pair
head-locks = VERROUS DE FICHIERS ({ $count }) : détenteur, en attente
head-office = BILLETTERIE : spectacle, places restantes, date, titre
head-notes = NON VU

# L'écran.
screen-head = ipctop { $scope } : { $processes } processus, { $findings } bloqués, { $ms } ms
screen-wait = le premier état est en route
screen-frozen = FIGÉ
screen-processes = PROCESSUS
screen-objects = OBJETS
screen-findings = CE QUI EST BLOQUÉ
screen-keys = entrée ouvrir  p messages  / filtrer  f figer  s sauver  ? aide  q quitter
screen-no-queue = Il n'y a pas de file de messages à regarder.
screen-saved = L'état est enregistré dans { $file }.
screen-not-saved = Impossible d'enregistrer { $file } : { $error }
screen-gone = Il a disparu.
screen-open = Tout ce qui le touche (échap : retour)
screen-peek = Les messages, aucun n'est retiré (échap : retour)
screen-help-head = Aide (échap : retour)
screen-help =
    haut, bas, page préc., page suiv., début, fin : se déplacer
    tab, gauche, droite : panneau suivant
    entrée : ouvrir une chose avec tout ce qui la touche
    p : regarder dans une file de messages ; aucun message n'est retiré
    / : ne montrer que ce qui contient ces lettres ; échap y met fin
    f : figer, ou continuer
    s : enregistrer cet état en JSON dans le répertoire courant
    échap : retour
    q, Ctrl-C : quitter
    Ctrl-Z : suspendre ; fg y revient
    souris : choisir et faire défiler
    Une marque ! précède ce dont parle un constat.
