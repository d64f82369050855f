# Rospoznavanie cifr. Odin skrytyj sloj, tanh na oboih sloyah, celi -1 i +1.
import numpy as np

A, B = 1.7159, 2.0 / 3.0


def aktivaciya(s):
    return A * np.tanh(B * s)


def proizvodnaya(znachenie):
    return B / A * (A - znachenie) * (A + znachenie)


class NeyronnayaSet:
    def __init__(self, vhodov=784, skrytyh=36, vyhodov=10, zerno=17):
        sluchay = np.random.RandomState(zerno)
        self.vesa_vhod = sluchay.uniform(-1, 1, (skrytyh, vhodov)) * np.sqrt(3.0 / vhodov)
        self.vesa_vyhod = sluchay.uniform(-1, 1, (vyhodov, skrytyh)) * np.sqrt(3.0 / skrytyh)
        self.sdvig_vhod = np.zeros((skrytyh, 1))
        self.sdvig_vyhod = np.zeros((vyhodov, 1))
        self.impuls = [np.zeros_like(p) for p in self.parametry()]
        self.sluchay = sluchay

    def parametry(self):
        return [self.vesa_vhod, self.sdvig_vhod, self.vesa_vyhod, self.sdvig_vyhod]

    def vyhod(self, kartinki):
        self.x = kartinki
        self.h = aktivaciya(self.vesa_vhod @ self.x + self.sdvig_vhod)
        self.o = aktivaciya(self.vesa_vyhod @ self.h + self.sdvig_vyhod)
        return self.o

    def gradienty(self, kartinki, celi):
        n = kartinki.shape[1]
        oshibka = (self.vyhod(kartinki) - celi) * proizvodnaya(self.o)
        oshibka_skr = (self.vesa_vyhod.T @ oshibka) * proizvodnaya(self.h)
        return [oshibka_skr @ self.x.T / n, oshibka_skr.mean(axis=1, keepdims=True),
                oshibka @ self.h.T / n, oshibka.mean(axis=1, keepdims=True)]

    def shag(self, kartinki, celi, skorost, moment):
        for p, g, v in zip(self.parametry(), self.gradienty(kartinki, celi), self.impuls):
            v *= moment
            v -= skorost * g
            p += v

    def obuchit(self, kartinki, celi, epoh=5, skorost=0.02, moment=0.8, paket=25):
        vsego = kartinki.shape[1]
        for epoha in range(epoh):
            poryadok = self.sluchay.permutation(vsego)
            kartinki_e = kartinki[:, poryadok]
            celi_e = celi[:, poryadok]
            for nachalo in range(0, vsego, paket):
                konec = nachalo + paket
                self.shag(kartinki_e[:, nachalo:konec], celi_e[:, nachalo:konec], skorost, moment)

    def otvet(self, kartinki):
        return np.argmax(self.vyhod(kartinki), axis=0)

    def proverit(self, kartinki, celi):
        return np.mean(self.otvet(kartinki) == np.argmax(celi, axis=0))


def sdelat_celi(metki):
    celi = -np.ones((10, len(metki)))
    celi[metki, np.arange(len(metki))] = 1
    return celi


def case(x, y, test_x, test_y):
    set_ = NeyronnayaSet()
    obuchenie = (x.T.copy(), sdelat_celi(y))
    proverka = (test_x.T.copy(), sdelat_celi(test_y))
    return obuchenie, proverka, dict(network=set_, epoh=5, skorost=0.02, moment=0.8, paket=25)
