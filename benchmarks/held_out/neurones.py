"""Mon premier reseau de neurones, un neurone = un objet."""
import math
import random

import numpy as np


def sigmoide(z):
    if z < -40:
        return 0.0
    return 1.0 / (1.0 + math.exp(-z))


class Neurone:
    def __init__(self, nb_entrees):
        self.poids = np.random.uniform(-0.1, 0.1, nb_entrees)
        self.biais = 0.0
        self.entrees = None
        self.sortie = 0.0
        self.delta = 0.0

    def activer(self, entrees):
        self.entrees = entrees
        self.sortie = sigmoide(np.dot(self.poids, entrees) + self.biais)
        return self.sortie

    def corriger(self, eta):
        self.poids -= eta * self.delta * self.entrees
        self.biais -= eta * self.delta


class Couche:
    def __init__(self, nb_neurones, nb_entrees):
        self.neurones = [Neurone(nb_entrees) for _ in range(nb_neurones)]

    def activer(self, entrees):
        return np.array([n.activer(entrees) for n in self.neurones])


class Reseau:
    def __init__(self, tailles):
        self.couches = []
        for entrees, neurones in zip(tailles[:-1], tailles[1:]):
            self.couches.append(Couche(neurones, entrees))

    def propager(self, image):
        valeurs = image
        for couche in self.couches:
            valeurs = couche.activer(valeurs)
        return valeurs

    def calculer_deltas(self, cible):
        derniere = self.couches[-1]
        for n, t in zip(derniere.neurones, cible):
            n.delta = (n.sortie - t) * n.sortie * (1 - n.sortie)
        for c in range(len(self.couches) - 2, -1, -1):
            suivante = self.couches[c + 1]
            for j, n in enumerate(self.couches[c].neurones):
                somme = 0.0
                for s in suivante.neurones:
                    somme += s.poids[j] * s.delta
                n.delta = somme * n.sortie * (1 - n.sortie)

    def corriger(self, eta):
        for couche in self.couches:
            for n in couche.neurones:
                n.corriger(eta)

    def entrainer(self, exemples, epoques=2, eta=0.5):
        for epoque in range(epoques):
            random.shuffle(exemples)
            erreur = 0.0
            for image, cible in exemples:
                sortie = self.propager(image)
                erreur += 0.5 * np.sum((sortie - cible) ** 2)
                self.calculer_deltas(cible)
                self.corriger(eta)
            print("epoque", epoque + 1, "erreur moyenne", erreur / len(exemples))

    def predire(self, image):
        return int(np.argmax(self.propager(image)))

    def evaluer(self, exemples):
        bons = 0
        for image, cible in exemples:
            if self.predire(image) == int(np.argmax(cible)):
                bons += 1
        return bons / len(exemples)


def vecteur(chiffre):
    v = [0.0] * 10
    v[chiffre] = 1.0
    return np.array(v)


def case(x, y, test_x, test_y):
    np.random.seed(3)
    random.seed(3)
    exemples = [(image, vecteur(c)) for image, c in zip(x, y)]
    tests = [(image, vecteur(c)) for image, c in zip(test_x, test_y)]
    reseau = Reseau([784, 20, 10])
    return exemples, tests, dict(network=reseau, epoques=2, eta=0.5)
