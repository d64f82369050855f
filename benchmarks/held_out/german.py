import numpy as np


def sigmoide(z):
    return 1 / (1 + np.exp(-z))


def ableitung(z):
    s = sigmoide(z)
    return s * (1 - s)


class Netz:
    """Mehrschichtiges Netz; Bilder als Spalten (784,1), Ziele als Spalten (10,1)."""

    def __init__(self, schichten, saat=7):
        zufall = np.random.default_rng(saat)
        self.anzahl = len(schichten)
        self.gewichte = [zufall.normal(0, 1 / np.sqrt(n), (m, n)) for n, m in zip(schichten[:-1], schichten[1:])]
        self.schwellen = [np.zeros((m, 1)) for m in schichten[1:]]

    def ausgabe(self, a):
        for w, b in zip(self.gewichte, self.schwellen):
            a = sigmoide(w @ a + b)
        return a

    def rueckwaerts(self, bild, ziel):
        a = bild
        aktiv, summen = [bild], []
        for w, b in zip(self.gewichte, self.schwellen):
            z = w @ a + b
            a = sigmoide(z)
            summen.append(z)
            aktiv.append(a)
        dw = [None] * len(self.gewichte)
        db = [None] * len(self.gewichte)
        delta = (aktiv[-1] - ziel) * ableitung(summen[-1])
        dw[-1] = delta @ aktiv[-2].T
        db[-1] = delta
        for s in range(2, self.anzahl):
            delta = self.gewichte[-s + 1].T @ delta * ableitung(summen[-s])
            dw[-s] = delta @ aktiv[-s - 1].T
            db[-s] = delta
        return dw, db

    def buendel_lernen(self, buendel, lernrate):
        summe_w = [np.zeros(w.shape) for w in self.gewichte]
        summe_b = [np.zeros(b.shape) for b in self.schwellen]
        for bild, ziel in buendel:
            dw, db = self.rueckwaerts(bild, ziel)
            for i in range(len(dw)):
                summe_w[i] += dw[i]
                summe_b[i] += db[i]
        for i in range(len(self.gewichte)):
            self.gewichte[i] -= lernrate / len(buendel) * summe_w[i]
            self.schwellen[i] -= lernrate / len(buendel) * summe_b[i]

    def lernen(self, daten, epochen, lernrate, groesse=10):
        for epoche in range(epochen):
            buendel = []
            for paar in daten:
                buendel.append(paar)
                if len(buendel) == groesse:
                    self.buendel_lernen(buendel, lernrate)
                    buendel = []
            if buendel:
                self.buendel_lernen(buendel, lernrate)

    def trefferquote(self, daten):
        richtig = [np.argmax(self.ausgabe(bild)) == np.argmax(ziel) for bild, ziel in daten]
        return 100 * np.mean(richtig)


def spalten(x, y):
    ziele = np.eye(10)[y]
    return [(bild.reshape(784, 1), ziel.reshape(10, 1)) for bild, ziel in zip(x, ziele)]


def case(x, y, test_x, test_y):
    train = spalten(x, y)
    test = spalten(test_x, test_y)
    return train, test, {"network": Netz([784, 30, 10]), "epochen": 4, "lernrate": 3.0, "groesse": 10}
