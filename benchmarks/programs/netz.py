# -*- coding: utf-8 -*-
"""Neuronales Netz für die Ziffernerkennung, Mini-Batches als Liste von Paaren (Bild, Ziel)."""
import numpy as np


def relu(z):
    return np.maximum(z, 0.0)


def relu_ableitung(z):
    return (z > 0).astype(float)


class NeuronalesNetz(object):
    def __init__(self, schichten, zufall):
        self.gewichte = []
        self.schwellen = []
        for ein, aus in zip(schichten[:-1], schichten[1:]):
            self.gewichte.append(zufall.normal(0.0, np.sqrt(2.0 / ein), (aus, ein)))
            self.schwellen.append(np.zeros(aus))

    def vorwaerts(self, bild):
        a = bild
        for W, s in zip(self.gewichte[:-1], self.schwellen[:-1]):
            a = relu(W.dot(a) + s)
        z = self.gewichte[-1].dot(a) + self.schwellen[-1]
        e = np.exp(z - z.max())
        return e / e.sum()

    def gradient(self, bild, ziel):
        a, z = [bild], []
        for W, s in zip(self.gewichte, self.schwellen):
            z.append(W.dot(a[-1]) + s)
            a.append(relu(z[-1]))
        e = np.exp(z[-1] - z[-1].max())
        fehler = e / e.sum() - ziel
        dW = [None] * len(self.gewichte)
        ds = [None] * len(self.schwellen)
        for k in range(len(self.gewichte) - 1, -1, -1):
            dW[k] = np.outer(fehler, a[k])
            ds[k] = fehler
            if k > 0:
                fehler = self.gewichte[k].T.dot(fehler) * relu_ableitung(z[k - 1])
        return dW, ds

    def lerne_stapel(self, stapel, lernrate):
        summe_W = [np.zeros(W.shape) for W in self.gewichte]
        summe_s = [np.zeros(s.shape) for s in self.schwellen]
        for bild, ziel in stapel:
            dW, ds = self.gradient(bild, ziel)
            for k in range(len(dW)):
                summe_W[k] += dW[k]
                summe_s[k] += ds[k]
        for k in range(len(self.gewichte)):
            self.gewichte[k] -= lernrate / len(stapel) * summe_W[k]
            self.schwellen[k] -= lernrate / len(stapel) * summe_s[k]

    def trainiere(self, beispiele, epochen=3, stapelgroesse=10, lernrate=0.1):
        for epoche in range(epochen):
            np.random.shuffle(reihenfolge := list(range(len(beispiele))))
            for anfang in range(0, len(beispiele), stapelgroesse):
                stapel = [beispiele[i] for i in reihenfolge[anfang:anfang + stapelgroesse]]
                self.lerne_stapel(stapel, lernrate)

    def genauigkeit(self, beispiele):
        richtig = [np.argmax(self.vorwaerts(bild)) == np.argmax(ziel) for bild, ziel in beispiele]
        return sum(richtig) / float(len(richtig))


def case(x, y, test_x, test_y):
    eins = np.identity(10)
    training = [(bild, eins[ziffer]) for bild, ziffer in zip(x, y)]
    test = [(bild, eins[ziffer]) for bild, ziffer in zip(test_x, test_y)]
    netz = NeuronalesNetz([784, 30, 10], np.random.RandomState(8))
    return training, test, {"network": netz, "epochen": 4, "stapelgroesse": 10, "lernrate": 0.1}
