"""Réseau de neurones à une couche cachée (TP d'informatique). Les images sont les lignes de la matrice."""
import numpy as np


def sigmoide(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


class Reseau:
    def __init__(self, nb_entrees, nb_cachees, nb_sorties):
        alea = np.random.RandomState(12)
        self.poids_1 = alea.normal(0, nb_entrees ** -0.5, (nb_entrees, nb_cachees))
        self.biais_1 = np.zeros((1, nb_cachees))
        self.poids_2 = alea.normal(0, nb_cachees ** -0.5, (nb_cachees, nb_sorties))
        self.biais_2 = np.zeros((1, nb_sorties))

    def propager(self, x):
        self.cachee = sigmoide(np.dot(x, self.poids_1) + self.biais_1)
        self.sortie = softmax(np.dot(self.cachee, self.poids_2) + self.biais_2)
        return self.sortie

    def retropropager(self, x, cible, pas):
        n = len(x)
        erreur_2 = self.sortie - cible
        erreur_1 = np.dot(erreur_2, self.poids_2.T) * self.cachee * (1 - self.cachee)
        self.poids_2 -= pas * np.dot(self.cachee.T, erreur_2) / n
        self.biais_2 -= pas * np.sum(erreur_2, axis=0, keepdims=True) / n
        self.poids_1 -= pas * np.dot(x.T, erreur_1) / n
        self.biais_1 -= pas * np.sum(erreur_1, axis=0, keepdims=True) / n

    def entrainer(self, donnees, nb_epoques=10, taille_lot=50, pas=0.5):
        images, cibles = donnees
        for epoque in range(nb_epoques):
            melange = np.random.permutation(len(images))
            for debut in range(0, len(images), taille_lot):
                lot = melange[debut:debut + taille_lot]
                self.propager(images[lot])
                self.retropropager(images[lot], cibles[lot], pas)

    def predire(self, x):
        return np.argmax(self.propager(x), axis=1)

    def taux_de_reussite(self, images, cibles):
        return np.mean(self.predire(images) == np.argmax(cibles, axis=1))


def un_parmi_dix(chiffres):
    cibles = np.zeros((len(chiffres), 10))
    cibles[np.arange(len(chiffres)), chiffres] = 1
    return cibles


def case(x, y, test_x, test_y):
    apprentissage = (x, un_parmi_dix(y))
    essai = (test_x, un_parmi_dix(test_y))
    return apprentissage, essai, {"network": Reseau(784, 40, 10), "nb_epoques": 10, "taille_lot": 50, "pas": 1.0}
