"""Ziffern mit Resilient Backpropagation (iRprop-), ganze Menge je Epoche."""
import numpy as np

PLUS, MINUS = 1.2, 0.5
SCHRITT_MAX, SCHRITT_MIN = 1.0, 1e-6


class Schicht:
    def __init__(self, ein, aus, zufall):
        self.gewichte = zufall.normal(0.0, 1.0 / np.sqrt(ein), (aus, ein))
        self.schwellen = np.zeros(aus)


class Schritte:
    """Gedaechtnis von Rprop fuer ein Feld von Parametern."""

    def __init__(self, feld, anfang):
        self.weite = np.full(feld.shape, anfang)
        self.vorher = np.zeros(feld.shape)

    def anwenden(self, feld, steigung):
        produkt = steigung * self.vorher
        self.weite[produkt > 0] = np.minimum(self.weite[produkt > 0] * PLUS, SCHRITT_MAX)
        self.weite[produkt < 0] = np.maximum(self.weite[produkt < 0] * MINUS, SCHRITT_MIN)
        steigung = np.where(produkt < 0, 0.0, steigung)
        feld -= np.sign(steigung) * self.weite
        self.vorher = steigung


class Netz:
    def __init__(self, groessen, saat=7):
        zufall = np.random.default_rng(saat)
        self.schichten = [Schicht(e, a, zufall) for e, a in zip(groessen, groessen[1:])]

    def vorwaerts(self, bilder):
        verdeckt, ausgabe = self.schichten
        self.a0 = bilder
        self.a1 = np.tanh(bilder @ verdeckt.gewichte.T + verdeckt.schwellen)
        z = self.a1 @ ausgabe.gewichte.T + ausgabe.schwellen
        z = z - z.max(axis=1, keepdims=True)
        self.a2 = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        return self.a2

    def steigungen(self, bilder, ziele):
        ausgabe = self.schichten[1]
        fehler2 = self.vorwaerts(bilder) - ziele
        fehler1 = (fehler2 @ ausgabe.gewichte) * (1.0 - self.a1 ** 2)
        return [fehler1.T @ self.a0, fehler1.sum(axis=0), fehler2.T @ self.a1, fehler2.sum(axis=0)]

    def felder(self):
        for s in self.schichten:
            yield s.gewichte
            yield s.schwellen

    def lernen(self, bilder, ziele, epochen=40, anfang=0.001, block=1000):
        gedaechtnis = [Schritte(f, anfang) for f in self.felder()]
        for epoche in range(epochen):
            summe = [np.zeros_like(f) for f in self.felder()]
            for i in range(0, len(bilder), block):
                for s, g in zip(summe, self.steigungen(bilder[i:i + block], ziele[i:i + block])):
                    s += g
            for feld, s, m in zip(self.felder(), summe, gedaechtnis):
                m.anwenden(feld, s)

    def trefferquote(self, bilder, ziele):
        return (self.vorwaerts(bilder).argmax(axis=1) == ziele.argmax(axis=1)).mean()


def als_ziele(ziffern):
    ziele = np.zeros((len(ziffern), 10))
    for zeile, ziffer in zip(ziele, ziffern):
        zeile[ziffer] = 1.0
    return ziele


def case(x, y, test_x, test_y):
    netz = Netz([784, 30, 10])
    return (x, als_ziele(y)), (test_x, als_ziele(test_y)), dict(
        network=netz, epochen=40, anfang=0.001, block=1000)
