# Neyronnaya set: giperbolicheskiy tangens, celi -1 i +1, kvadratichnaya oshibka
import random

import numpy as np


class NeyroSet:
    def __init__(self, razmery):
        self.razmery = razmery
        self.vesa = [np.random.randn(n, m) / np.sqrt(m) for m, n in zip(razmery[:-1], razmery[1:])]
        self.sdvigi = [np.zeros((n, 1)) for n in razmery[1:]]

    def vychislit(self, x):
        """x: stolbec (784, 1)"""
        x = x - 0.2
        for w, b in zip(self.vesa, self.sdvigi):
            x = np.tanh(np.dot(w, x) + b)
        return x

    def obuchit(self, primery, epohi, paket, shag):
        primery = list(primery)
        for epoha in range(epohi):
            random.shuffle(primery)
            for k in range(0, len(primery), paket):
                self.obnovit(primery[k:k + paket], shag)
            print("Epoha %d zavershena" % epoha)

    def obnovit(self, kusok, shag):
        summa_w = [np.zeros(w.shape) for w in self.vesa]
        summa_b = [np.zeros(b.shape) for b in self.sdvigi]
        for x, cel in kusok:
            dw, db = self.obratno(x, cel)
            for s, d in zip(summa_w, dw):
                s += d
            for s, d in zip(summa_b, db):
                s += d
        for w, s in zip(self.vesa, summa_w):
            w[:] = w - shag / len(kusok) * s
        for b, s in zip(self.sdvigi, summa_b):
            b[:] = b - shag / len(kusok) * s

    def obratno(self, x, cel):
        vyhody = [x - 0.2]
        for w, b in zip(self.vesa, self.sdvigi):
            vyhody.append(np.tanh(np.dot(w, vyhody[-1]) + b))
        dw = [None] * len(self.vesa)
        db = [None] * len(self.vesa)
        delta = (vyhody[-1] - cel) * (1 - vyhody[-1] ** 2)
        for i in range(len(self.vesa) - 1, -1, -1):
            dw[i] = np.dot(delta, vyhody[i].T)
            db[i] = delta
            if i > 0:
                delta = np.dot(self.vesa[i].T, delta) * (1 - vyhody[i] ** 2)
        return dw, db

    def ocenit(self, primery):
        verno = sum(int(np.argmax(self.vychislit(x)) == np.argmax(cel)) for x, cel in primery)
        return verno / len(primery)


def cel_dlya(cifra):
    cel = -np.ones((10, 1))
    cel[cifra] = 1.0
    return cel


def pary(x, y):
    return [(stroka.reshape(784, 1), cel_dlya(cifra)) for stroka, cifra in zip(x, y)]


def case(x, y, test_x, test_y):
    random.seed(8)
    np.random.seed(8)
    seti = NeyroSet([784, 30, 10])
    return pary(x, y), pary(test_x, test_y), dict(network=seti, epohi=4, paket=10, shag=0.05)
