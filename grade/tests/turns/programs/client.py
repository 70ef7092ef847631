"""Client seul, avec input() et readline : sa table est en lui-meme."""
import readline  # noqa: F401

places = {1: 4000, 2: 3000, 3: 2000}
while True:
    print("1. Consulter\n2. Reserver\n3. Liste\n0. Quitter")
    try:
        choix = input("Votre choix : ")
        if choix == "0":
            break
        if choix == "1":
            print("Il reste", places[int(input("Spectacle : "))], "places")
        elif choix == "2":
            spectacle, nombre = int(input("Spectacle : ")), int(input("Places : "))
            if places[spectacle] >= nombre:
                places[spectacle] -= nombre
                print("Réservation confirmée")
            else:
                print("Réservation impossible")
        elif choix == "3":
            for spectacle in places:
                print(f"[{spectacle}] spectacle : {places[spectacle]} places")
        else:
            print("Choix inconnu")
    except EOFError:
        break
