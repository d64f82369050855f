import math
import random
import numpy as np


def sigmoida(z):
    return 1.0 / (1.0 + np.exp(-z))


class Uzel:
    """Odin sloy; znaet tolko svoego soseda."""

    def __init__(self, vhodov, nejronov, sled=None):
        self.vesa = np.random.randn(nejronov, vhodov) / math.sqrt(vhodov)
        self.sdvig = np.zeros((nejronov, 1))
        self.sled = sled
        self.ochistit()

    def ochistit(self):
        self.d_vesa = np.zeros(self.vesa.shape)
        self.d_sdvig = np.zeros(self.sdvig.shape)
        if self.sled is not None:
            self.sled.ochistit()

    def vyhod(self, a):
        s = sigmoida(self.vesa @ a + self.sdvig)
        if self.sled is None:
            return s
        return self.sled.vyhod(s)

    def nazad(self, a, cel):
        s = sigmoida(self.vesa @ a + self.sdvig)
        if self.sled is None:
            delta = s - cel
        else:
            delta = self.sled.nazad(s, cel) * s * (1 - s)
        oshibka = self.vesa.T @ delta
        self.d_vesa += delta @ a.T
        self.d_sdvig += delta
        return oshibka

    def shag(self, skorost, kolichestvo):
        self.vesa -= skorost / kolichestvo * self.d_vesa
        self.sdvig -= skorost / kolichestvo * self.d_sdvig
        if self.sled is not None:
            self.sled.shag(skorost, kolichestvo)


class Set:
    def __init__(self, razmery, zerno=5):
        np.random.seed(zerno)
        random.seed(zerno)
        self.pervyj = self._postroit(razmery)

    def _postroit(self, razmery):
        if len(razmery) < 2:
            return None
        return Uzel(razmery[0], razmery[1], self._postroit(razmery[1:]))

    def vyhod(self, a):
        return self.pervyj.vyhod(a)

    def obuchit(self, primery, epohi, skorost, razmer_paketa):
        primery = list(primery)
        for epoha in range(epohi):
            random.shuffle(primery)
            for k in range(0, len(primery), razmer_paketa):
                paket = primery[k:k + razmer_paketa]
                self.pervyj.ochistit()
                for a, cel in paket:
                    self.pervyj.nazad(a, cel)
                self.pervyj.shag(skorost, len(paket))

    def dolya_vernyh(self, primery):
        verno = 0
        for a, cifra in primery:
            if int(np.argmax(self.vyhod(a))) == cifra:
                verno += 1
        return verno / len(primery)


def stolbec(cifra):
    v = np.zeros((10, 1))
    v[cifra] = 1.0
    return v


def case(x, y, test_x, test_y):
    primery = [(a.reshape(784, 1), stolbec(c)) for a, c in zip(x, y)]
    proverka = [(a.reshape(784, 1), int(c)) for a, c in zip(test_x, test_y)]
    return primery, proverka, dict(network=Set([784, 30, 10]), epohi=4, skorost=0.8, razmer_paketa=10)
