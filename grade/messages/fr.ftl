# Verdicts.
verdict-pass = réussi
verdict-fail = échoué
verdict-timeout = trop long
verdict-crash = planté
verdict-skipped = sauté
verdict-flaky = instable
verdict-not_judged = non jugé

# Parties d'un verdict.
part-expected = Attendu : { $what }
part-actual = Observé : { $what }
part-evidence = Ce qui a été tapé et affiché, et ce que dit le noyau :
part-runs = Tous les essais : { $runs }.
part-hint = Piste : { $hint }
isolation-none = Aucun espace de noms n'est possible ici (isolation : none) : les programmes ont tourné sous votre nom, à côté des autres.

# Critères : la question que chacun pose.
item-builds = Se compile-t-il ?
    .hint = Lancez vous-même la commande de compilation, dans une copie neuve du dossier.
item-starts = Démarre-t-il, et attend-il des requêtes ?
    .hint = Lancez-le vous-même dans une copie neuve du dossier, et lisez ce qu'il affiche.
item-consultation = Montre-t-il les places qui restent ?
    .hint = Tapez les mêmes touches vous-même, et comparez ce qui s'affiche avec ce que le sujet annonce.
item-reservation = Prend-il exactement les places voulues ?
    .hint = Réservez deux places, puis regardez toute la table avec un second client : un autre spectacle a-t-il changé, ou aucun ?
item-refusals = Refuse-t-il ce qui est impossible ?
    .hint = Vérifiez le spectacle et le nombre dans le serveur, avant de changer la table. Si le client plante, cherchez printf(texte) avec ce qui a été tapé, et NULL rendu par fgets ou strtok.
item-many-clients = Aucune place vendue deux fois ?
    .hint = Vérifiez et changez le nombre en une seule étape, à un seul endroit, sous un seul verrou.
item-mechanism = Utilise-t-il le mécanisme demandé ?
    .hint = Lancez `ipctop --once` pendant que votre client attend : il montre l'objet attendu.
item-survives = Survit-il aux clients qui meurent ?
    .hint = Regardez chaque résultat de write, send et msgsnd ; ignorez SIGPIPE.
item-another-machine = Est-il joignable d'une autre machine ?
    .hint = Liez la socket à INADDR_ANY, et connectez le client à l'adresse qu'il reçoit.
item-leaves-nothing = Ne laisse-t-il rien derrière lui ?
    .hint = Traitez SIGINT et SIGTERM, et détruisez-y chaque objet : `ipcs` et `ls` les montrent.

# Ce que fait un client.
doing-open = en démarrant
doing-list = en montrant la table
doing-view = en montrant les places d'un spectacle
doing-reserve = en réservant
doing-odd = après une entrée inattendue ({ $input })
ended-with = code de sortie : { $code }
ended-by = signal : { $signal } ({ $name })
odd-lost = { $input } : { $cause }

# Entrées inattendues.
odd-too-many = plus de places qu'il n'en reste
odd-unknown = un spectacle qui n'existe pas
odd-zero = 0 place
odd-negative = -1 place
odd-huge = 2147483648 places, soit 2^31
odd-letters = des lettres au lieu d'un nombre
odd-format = %s%n, un format de printf, au lieu d'un nombre
odd-empty = une ligne vide au lieu d'un nombre
odd-end = la fin de l'entrée (Ctrl-D) au lieu d'un nombre

# Quand un client est servi.
seen-unchanged = { $input } : il reste { $left } places, comme avant
after-killed = { $count } clients tués
after-stopped = des clients arrêtés qui ne lisent pas leur réponse
after-unread = { $count } réponses que personne n'a lues
after-requests = { $count } requêtes

# Objets.
object-none = rien
object-msg = une file de messages
object-mqueue = une file de messages POSIX
object-pipe = un tube
object-socket = une socket
object-sem = un sémaphore
object-shm = une mémoire partagée
object-mutex = un mutex
object-process = un processus
object-zombie = un zombie
object-file = un fichier

workers-two-threads = deux threads d'un même processus, qui restent
workers-thread-per-request = un nouveau thread pour chaque requête
workers-process-per-request = un nouveau processus pour chaque requête

# Fautes : la cause, ce qui était attendu, ce qui a été observé, et où chercher.
fault-grader = Le correcteur n'arrive pas à faire ceci : { $what } : { $error }
fault-skipped = Non demandé, car { $id } est perdu : { $item }
fault-flaky = Cela ne réussit que parfois. Quand cela échoue : { $cause }
    .hint = Quelque chose dépend de qui est le plus rapide. Cherchez une attente qui manque, ou un verrou.
fault-build = La commande de compilation échoue.
    .expected = `{ $command }` se termine avec le code 0
    .actual = { $status }
    .hint = Corrigez la première ligne qui contient error : elle nomme le fichier et la ligne. Relancez ensuite la commande dans une copie neuve du dossier.
fault-no-sources = Il n'y a rien à compiler, et pas de { $program }.
    .expected = un Makefile, un Cargo.toml, des fichiers C avec un main, ou les programmes mêmes
    .hint = Vérifiez que vos fichiers sont dans le dossier rendu.
fault-build-slow = La commande de compilation ne finit pas.
    .expected = `{ $command }` finit en { $budget } s
    .actual = elle tournait encore
fault-build-kept = Ce que la compilation a produit ne peut pas être copié : { $error }.
    .expected = un programme d'étudiant
    .hint = Regardez ce que la commande de compilation produit.
fault-time-over = Les { $budget } s de la question entière étaient écoulées avant cette demande.
    .hint = Cherchez les attentes et les boucles qui retardent chaque réponse.
fault-not-started = `{ $command }` ne peut pas être lancé : { $error }
    .expected = un programme de ce nom après la compilation
    .hint = Regardez le nom du programme, et si la compilation le crée dans ce dossier.
fault-server-ended = Le serveur se termine au lieu d'attendre des requêtes.
    .expected = un serveur qui attend
    .actual = { $status }
    .hint = Un objet d'une autre exécution le gêne peut-être : le correcteur le lance sans aucun.
fault-not-ready = Le serveur tourne, mais n'attend pas de requête.
    .expected = il attend dans msgrcv, accept, read, l'ouverture d'un tube ou un appel semblable en { $budget } ms
    .actual = l'état de ses threads est ci-dessous
fault-line-unsaid = Le serveur attend une requête, mais n'a pas affiché sa ligne.
    .expected = la ligne en { $budget } ms
    .hint = Vers un fichier, la sortie reste dans le tampon de stdio : fflush(stdout).
fault-client-lost = Le client ne peut pas être lancé : { $error }
fault-client-ended = Le client s'est terminé { $doing } : { $status }.
    .expected = il continue, ou finit de lui-même quand on le lui demande
    .actual = { $status }
fault-asks = Le client attendait encore une entrée { $doing }.
fault-flood = Le client a affiché sans fin { $doing }.
    .expected = une réponse, puis il attend le choix suivant
    .actual = plus de 200 ko
    .hint = Regardez ce que rendent scanf, read ou fgets : à la fin de l'entrée, ou sur des lettres, la même entrée est relue sans cesse.
fault-silent = Le client est resté muet ou occupé { $doing }, jusqu'à la fin de son temps.
    .expected = une réponse en { $budget } ms
    .actual = aucune après { $used } ms ; ci-dessous, où chaque processus attend
    .hint = Regardez où le serveur attend. Dans futex ou semop, personne n'a libéré un verrou ou un sémaphore. Dans msgrcv, read ou accept, il n'a pas reçu de requête ou n'a pas envoyé de réponse : vérifiez ce que msgsnd ou write a renvoyé.
fault-no-list = Le client ne montre pas la table.
    .expected = après { $typed } : des lignes qui correspondent à { $pattern }
    .actual = les dernières lignes du terminal sont ci-dessous
fault-no-view = Le client ne montre pas combien de places il reste pour un spectacle.
    .expected = après { $typed } : un texte qui correspond à { $pattern }
    .actual = les dernières lignes du terminal sont ci-dessous
fault-no-answer = Le client ne dit ni que la réservation est faite, ni qu'elle est refusée.
    .expected = après { $typed } : un texte qui correspond à { $pattern }
    .actual = les dernières lignes du terminal sont ci-dessous
    .hint = Si le terminal montre une autre erreur, comparez la requête que le client envoie avec celle que le serveur attend, et le port ou la file. Sinon, changez les mots.
fault-refused = Une réservation a été refusée, alors qu'il reste des places.
    .expected = après { $typed } : la réservation est faite
    .actual = elle a été refusée
fault-two-counts = La table et la consultation d'un spectacle ne disent pas la même chose.
    .expected = le spectacle { $show } a { $listed } places, comme dans la table
    .actual = { $viewed }
fault-few-seats = Il y a trop peu de places pour juger : aucun spectacle n'en a { $needed }.
    .expected = après chaque nouveau démarrage, une table avec un spectacle d'au moins { $needed } places
fault-wrong-count = Le nombre de places est faux après une réservation.
    .expected = le spectacle { $show } avait { $before } places, { $seats } sont réservées : il en reste { $wanted }
    .actual = { $left }
fault-not-refused = Il confirme : { $input }.
    .expected = il refuse
    .actual = il dit que la réservation est faite
fault-refusal-unsaid = Il ne dit pas qu'il refuse : { $input }.
    .expected = les mots d'un refus
    .actual = les dernières lignes du terminal sont ci-dessous
fault-count-changed = Le nombre de places a changé après : { $input }.
    .expected = il reste { $before } places, comme avant
    .actual = { $left }
fault-server-died-of = Le serveur s'est terminé après : { $input }.
    .expected = il continue
    .actual = { $status }
fault-server-gone = Le serveur s'est terminé ({ $status }). Donc : { $cause }
    .hint = Regardez les dernières lignes du serveur : quel client, ou quel thread, le termine ?
fault-oversold = Plus de places ont été vendues qu'il n'y en avait.
    .expected = le spectacle { $show } avait { $start } places : pas plus de { $start } confirmées, et aucun nombre négatif
    .actual = { $confirmed } confirmées, { $left } restantes
    .hint = Deux réservations ont vu le même nombre. Vérifiez et changez-le sous un seul verrou.
fault-sold-not-counted = Des places confirmées ne manquent pas dans la table.
    .expected = { $confirmed } places confirmées manquent aux { $start } du spectacle { $show }
    .actual = il en reste { $left } : { $gone } manquent
    .hint = Une réservation a écrasé le nombre d'une autre : lisez-le et écrivez-le sous un seul verrou.
fault-counted-not-sold = Il manque plus de places qu'il n'y en a de confirmées.
    .expected = au plus { $confirmed } confirmées et { $unknown } inconnues manquent aux { $start } du spectacle { $show }
    .actual = il en reste { $left } : { $gone } manquent
fault-all-refused = Toutes les réservations de plusieurs clients ont été refusées, alors qu'il reste des places.
    .expected = certaines sont faites
    .actual = il reste { $left } des { $start } places, aucune confirmée
fault-wrong-answer = Deux clients attendent leur réponse, et chacun reçoit celle de l'autre, ou l'un reçoit les deux.
    .expected = le premier apprend que sa place est réservée, le second qu'il en demandait trop
    .hint = Une réponse doit dire à qui elle est destinée : le PID comme type du message, ou un canal par client.
fault-not-in-order = La seconde de deux requêtes est servie avant la première.
    .expected = le premier client, qui demandait toutes les places, apprend que oui, et le second que non
    .hint = msgrcv avec un type négatif prend d'abord le plus petit type ; le type 0 les prend dans l'ordre.
fault-not-kept = La table n'est pas gardée quand le serveur est tué.
    .expected = le spectacle { $show } avait { $before } places, une a été réservée, le serveur a été tué et relancé : il en reste { $wanted }
    .actual = { $left }
    .hint = Écrivez la table dans son fichier avant d'envoyer la réponse.
fault-mechanism = Les requêtes ne passent pas par { $wanted }.
    .expected = pendant que le serveur est arrêté, le client attend { $wanted }, qui contient sa requête
    .actual = il attend { $awaited } ; des octets sont dans : { $loaded }
    .hint = Envoyez chaque requête par { $wanted }, et le client doit y attendre sa réponse. Pendant qu'il attend, `ipctop --once` montre où.
fault-same-message = Le message dans la file n'est pas la requête.
    .expected = un autre message pour une autre requête
    .actual = le même les deux fois
fault-key = La file a la clé -1 : ftok a échoué, et personne ne l'a vu.
    .expected = une clé de ftok, une clé fixe, ou IPC_PRIVATE
    .actual = 0xffffffff, la clé de tous ceux qui font cette erreur
    .hint = ftok veut un fichier qui existe : affichez son chemin, et regardez ce que ftok renvoie.
fault-workers = Les requêtes ne sont pas servies comme la question le demande.
    .expected = { $wanted }
    .actual = pendant { $requests } requêtes, { $made } tâches ont été créées ; { $stayed } threads restent, dont { $receivers } reçoivent et { $active } servent, dans { $processes } processus
    .hint = Les threads qui restent sont créés avant la boucle qui reçoit. Un thread ou processus par requête est créé dans la boucle, après l'arrivée de la requête.
fault-not-served = Après ceci : { $after }, un nouveau client n'est pas servi. { $cause }
fault-other-answer = Après ceci : { $after }, un nouveau client reçoit autre chose que ce qu'il a demandé.
    .expected = le spectacle { $show } a { $before } places, car personne n'en a réservé
    .actual = { $left }
    .hint = Quelqu'un lit la réponse d'un client qui n'est plus là. Une réponse doit dire à qui elle s'adresse.
fault-kept = Après { $count } clients partis, le serveur garde quelque chose d'eux : { $what }.
    .expected = il rend ce qu'il a pris pour un client quand celui-ci est parti
    .actual = { $grown } de plus qu'avant ces clients
    .hint = Détachez les threads ou attendez-les, fermez les descripteurs, attendez les fils.
fault-no-rest = Le serveur travaille alors qu'il n'y a pas de client.
    .expected = il attend une requête
    .actual = il tourne sans fin
    .hint = Regardez ce que renvoient read, recv ou msgrcv : 0 est la fin de fichier, -1 une erreur, et les deux reviennent aussitôt.
kept-threads = threads
kept-descriptors = descripteurs ouverts
kept-mappings = piles de threads terminés
kept-zombies = zombies
fault-no-end = { $signal } n'arrête pas le serveur.
    .expected = il se termine en { $budget } ms
    .actual = il tourne encore
fault-left-behind = Quelque chose reste quand { $signal } a arrêté le serveur.
    .expected = rien
    .actual = { $left }

note-refused = Le grade.toml rendu fixe { $keys }, ce qui n'est pas à lui de fixer : ignoré.

# Pages d'un cours.
page-overview = Notes
page-student = Étudiant
page-sum = Somme
page-nothing = Rien n'a été rendu.

# Un dialogue que l'on essaie.
trial-apart = Les programmes tournent sous votre nom, dans une copie du dossier, avec des files et une mémoire partagée à eux.
trial-bare = Les programmes tournent sous votre nom, dans une copie du dossier, à côté de tous les autres.
trial-waits = il attend des requêtes
trial-asks = le client demande quoi faire
trial-rows = { $count ->
    [one] { $count } spectacle : { $rows }
   *[other] { $count } spectacles : { $rows }
    }
trial-left = { $seats ->
    [one] le spectacle { $show } a encore { $seats } place
   *[other] le spectacle { $show } a encore { $seats } places
    }
trial-not-asked = pas essayé : selon seats_max, le client lui-même le refuse
trial-ends = le client se termine
fault-trial-no-match = Rien ne correspond à `{ $pattern }` ; le terminal montrait :
fault-trial-stays = Le client ne se termine pas après { $typed } ; le terminal montrait :
trial-good = Le dialogue fonctionne.
trial-not-good = Le dialogue ne fonctionne pas : corrigez les lignes marquées par !.
trial-another = Entrée pour finir, ou n puis Entrée pour écrire un nouveau dialogue.
trial-begin = Entrée pour ouvrir le client et écrire un nouveau dialogue, ou q puis Entrée pour finir.
trial-person = Le client est maintenant sur votre terminal. Ctrl-] dit que ce qui était demandé est fait.
trial-do = ({ $at }/{ $of }) { $what }
trial-do-open = Allez jusqu'au menu, si vous n'y êtes pas encore ; puis Ctrl-].
trial-do-list = Affichez la liste des spectacles, et Ctrl-] quand elle est là ; tout de suite, si elle est sur l'écran d'accueil.
trial-do-view = Regardez les places d'un spectacle, puis Ctrl-] ; tout de suite, si seule la liste les dit.
trial-do-done = Réservez 1 place de ce spectacle, puis Ctrl-].
trial-do-refused = Réservez-en plus qu'il n'y en a, puis Ctrl-].
trial-do-quit = Quittez le client.
trial-proposal = Copiez ceci dans le sujet, à la place du dialogue qui s'y trouve :
trial-missing = { $key } : rien de ce qui a été montré ne le dit. Écrivez-le vous-même, ou recommencez avec un spectacle de la liste.
trial-not-whole = Le dialogue n'est pas entier : il manque les lignes qui commencent par #.
trial-written = Écrit dans { $path }.

# La porte du protocole : ses critères, et ce que dit une promesse rompue.
item-wire-starts = Démarre et s'arrête selon le protocole ?
    .hint = Lancez vous-même `SERVEUR --dir DIR` : il affiche `ready NOM OÙ`, vidé par fflush, reste au premier plan, et finit avec 0 sur SIGTERM.
item-wire-answers = Réponses : celles du protocole ?
    .hint = Comparez les octets de cette réponse avec les tables de docs/PROTOCOL.md, champ par champ.
item-p3-not-oversold = Foule : aucune place vendue deux fois ?
    .hint = Vérifiez et changez le nombre en une seule étape, sous un seul verrou ou dans un seul thread.
item-p4-linearizable = Foule : tous voient-ils la même table ?
    .hint = Copiez toute la table sous le verrou que prend une réservation, et répondez depuis la copie.
item-p8-clean-stop = Arrêt : rien de perdu, rien de laissé ?
    .hint = Sur SIGTERM, répondez à ce qui est décidé, détruisez chaque objet créé, et finissez avec 0 en 2 s.
item-p9-one-server = Départ : un seul serveur par DIR ?
    .hint = Prenez d'abord flock(2) sur DIR/lock avec LOCK_EX | LOCK_NB ; s'il est pris, dites-le et terminez.
item-p7-hostile = Clients hostiles : les autres servis ?
    .hint = N'attendez jamais un client : envoyez sans bloquer, vérifiez chaque longueur, ignorez SIGPIPE.
item-p2-at-most-once = Clients hostiles : une seule fois ?
    .hint = Changez le nombre une fois par requête, que le client entende la réponse ou non.
item-p1-durable = Durable : OK après la synchronisation ?
    .hint = Écrivez le nombre dans DIR/spectacles.dat, appelez fdatasync(2), et n'envoyez OK que s'il a rendu 0.
item-p5-not-early = Durable : aucun nombre montré trop tôt ?
    .hint = Ne montrez le nouveau nombre qu'après sa synchronisation : publiez-le après fdatasync(2).
item-p6-failed-sync = Durable : un échec arrête-t-il tout ?
    .hint = Regardez ce que rend fdatasync(2). Après une erreur, répondez UNAVAILABLE, jamais OK, et finissez en erreur.
fault-promise = Rompu ({ $promise }, { $check }). Fait : { $sent }
fault-promise-slow = Le contrôle { $check } ne finit pas.
    .expected = il finit en { $budget } s
    .actual = il tournait encore
fault-promise-killed = Pendant { $check }, quelque chose a tué le programme qui interroge.
    .expected = un serveur qui n'envoie de signaux qu'à ses propres processus
    .hint = Relisez chaque kill(2) : 0 et -1 ne désignent pas un processus, ni un PID étranger.
part-page = Explication : { $page }
# Constats : des critères sans points à eux.
item-idle = Le processeur est-il libre quand nul ne demande ?
    .hint = Attendez dans un appel qui dort jusqu'à ce que quelque chose vienne : msgrcv, read, accept, poll.
item-view-only = Une simple consultation ne réserve-t-elle rien ?
    .hint = N'affichez les mots d'une confirmation qu'après celle du serveur, et nulle part ailleurs.
item-two-servers = Un second serveur nuit-il au premier ?
    .hint = Prenez une clé à vous : ftok d'un fichier de votre dossier. Si l'objet sert déjà, dites-le et finissez.
item-restarts = Redémarre-t-il après un arrêt brutal ?
    .hint = Au démarrage, supprimez ou reprenez ce qu'un serveur mort a laissé ; SO_REUSEADDR pour un port.
item-warnings = Le compilateur n'avertit-il de rien ?
    .hint = Compilez avec -Wall, et corrigez le premier avertissement d'abord.
item-asan = AddressSanitizer ne trouve-t-il rien ?
    .hint = Compilez avec -fsanitize=address -g, et refaites le même dialogue.
item-ubsan = Tout y est-il défini en C ?
    .hint = Compilez avec -fsanitize=undefined -g, et refaites le même dialogue.
item-tsan = Les threads sont-ils sans accès concurrents ?
    .hint = Compilez avec -fsanitize=thread -g ; prenez un même verrou autour de chaque usage de la table.
fault-spins = Un programme tourne sans cesse alors que nul ne demande rien : { $name }
    .expected = au plus { $max } % d'un processeur pendant une seconde sans requête
    .actual = { $percent } %
fault-view-confirms = Le client affiche les mots d'une confirmation, alors que rien n'a été réservé.
    .expected = après { $typed } : rien qui corresponde à `done`
    .actual = { $found }
fault-view-changes = Les clients n'ont fait que regarder, et le compte a changé.
    .expected = le spectacle { $show } a { $before } places
    .actual = { $left }
fault-two-servers = Depuis qu'un second serveur a été lancé dans un autre dossier, les clients du premier voient un autre compte.
    .expected = le spectacle { $show } a { $wanted } places
    .actual = { $left }
fault-second-server = Un second serveur a été lancé dans un autre dossier ; les clients du premier ne sont plus servis. { $cause }
fault-restart = Le serveur a été tué alors qu'une requête était en route, et relancé parmi : { $stale }. { $cause }
fault-warnings = { $count ->
    [one] Le compilateur avertit une fois.
   *[other] Le compilateur avertit { $count } fois.
    }
fault-only-sanitized = Compilé avec { $flag }, il ne marche plus : la mémoire où rien n'a été écrit peut contenir n'importe quoi. { $cause }
fault-asan = AddressSanitizer signale une mémoire mal utilisée.
    .expected = aucun rapport
    .actual = { $count ->
        [one] un rapport ; il nomme la ligne
       *[other] { $count } rapports ; chacun nomme la ligne
    }
fault-ubsan = UndefinedBehaviorSanitizer signale ce que le C ne définit pas.
    .expected = aucun rapport
    .actual = { $count ->
        [one] un rapport ; il nomme la ligne
       *[other] { $count } rapports ; chacun nomme la ligne
    }
fault-tsan = Deux threads utilisent la même mémoire, l'un d'eux y écrit, et aucun verrou ne les ordonne.
    .expected = aucun rapport de ThreadSanitizer
    .actual = { $count ->
        [one] un rapport ; il nomme les deux lignes
       *[other] { $count } rapports ; chacun nomme les deux lignes
    }
item-keys = Les clés viennent-elles de ftok ?
    .hint = key_t cle = ftok("serveur.c", 'A'); regardez si c'est -1 avant msgget.
fault-key-failed = { $kind } : la clé est -1, donc ftok a échoué, et nul n'a regardé son résultat.
    .expected = ftok d'un fichier qui existe
    .actual = { $key }, la clé de tout programme dont ftok échoue
fault-key-fixed = { $kind } : la clé est fixe, et un autre programme a pu choisir la même.
    .expected = ftok d'un fichier du dossier rendu, ou IPC_PRIVATE
    .actual = { $key }, que ftok ne donne pour aucun fichier en vue
item-threads-end = Les threads rendent-ils ce qu'ils ont pris ?
    .hint = pthread_detach chaque thread que nul n'attend, ou pthread_join ; laissez sa fonction finir.
fault-threads-leak = Le serveur grossit à chaque requête.
    .expected = après les { $requests } premières réservations, { $requests } autres n'ajoutent ni mémoire ni thread
    .actual = { $kib } Kio et { $threads } threads de plus, à chaque fois
fault-answered = Les requêtes ne sont pas servies comme la question le demande.
    .expected = { $wanted }, créé après l'arrivée de la requête
    .actual = sur { $requests } requêtes, { $threads } ont reçu leur réponse d'un tel thread, { $processes } d'un tel processus
    .hint = Recevez d'abord la requête ; appelez ensuite pthread_create, ou fork si des processus sont demandés. Ce nouveau thread ou processus envoie lui-même la réponse.
item-durable = Est-ce sur le disque avant la réponse ?
    .hint = fflush, puis fsync ou fdatasync, regardez son résultat, et alors seulement envoyez la réponse.
fault-never-synced = Une réservation a été confirmée, et rien n'a été synchronisé : une coupure de courant peut la perdre.
    .expected = fsync, fdatasync ou msync(MS_SYNC) entre la requête et sa réponse
    .actual = aucun d'eux
fault-synced-late = La réponse part avant que la table ne soit sur le disque.
    .expected = la réponse attend la synchronisation, retenue { $delay } ms
    .actual = elle est venue { $after } ms après le début de la synchronisation
