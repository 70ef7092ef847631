# Ce que fait un processus.
does-stopped = est arrêté
does-unknown = fait quelque chose qu'on ne peut pas voir
does-wait = attend dans { $call }
does-run = s'exécute
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
    .next = kill -CONT { $pid}
stopped-has-bytes = { $process } est arrêté, et { $count ->
    [one] { $count } octet attend
   *[other] { $count } octets attendent
} pour lui dans { $object }.
    .next = kill -CONT { $pid }

# Remarques : ce qui n'a pas pu être vu.
note-descriptors-hidden = Les descripteurs de { $count } processus ne peuvent pas être vus : ils sont à quelqu'un d'autre.
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
