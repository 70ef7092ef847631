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
part-runs = Essais : { $runs }.
part-hint = Piste : { $hint }
isolation-none = Aucun espace de noms n'est possible ici (isolation : none) : les programmes ont tourné sous votre nom, à côté des autres.

# Critères : la question que chacun pose.
item-builds = Se compile-t-il ?
    .hint = Lancez vous-même la commande de compilation, dans une copie neuve du dossier.
item-starts = Démarre-t-il, et attend-il des requêtes ?
    .hint = Lancez-le vous-même dans une copie neuve du dossier, et lisez ce qu'il affiche.
item-consultation = Montre-t-il combien de places il reste ?
    .hint = Tapez les mêmes touches vous-même, et comparez avec ce que le sujet dit être affiché.
item-reservation = Une réservation prend-elle exactement ses places ?
    .hint = Réservez deux places, puis regardez le nombre avec un second client.
item-refusals = Refuse-t-il ce qui ne peut pas être réservé ?
    .hint = Vérifiez le spectacle et le nombre dans le serveur, avant de changer la table.
item-many-clients = Sert-il plusieurs clients, sans vendre une place deux fois ?
    .hint = Vérifiez et changez le nombre en une seule étape, à un seul endroit, sous un seul verrou.
item-mechanism = Requêtes et réponses passent-elles par ce que la question demande ?
    .hint = Lancez `ipctop --once` pendant que votre client attend : il montre l'objet attendu.
item-survives = Survit-il aux clients qui meurent ou n'écoutent pas ?
    .hint = Regardez chaque résultat de write, send et msgsnd ; ignorez SIGPIPE.
item-leaves-nothing = Ne laisse-t-il rien derrière lui quand on l'arrête ?
    .hint = Traitez SIGINT et SIGTERM, et détruisez-y chaque objet : `ipcs` et `ls` les montrent.
