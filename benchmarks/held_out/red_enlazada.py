"""Red neuronal como lista enlazada de capas; cada capa conoce a la siguiente."""
import numpy as np


def sigmoide(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))


class Capa:
    def __init__(self, entradas, salidas, azar, siguiente=None):
        # la ultima fila son los sesgos
        self.pesos = azar.normal(0, 1 / np.sqrt(entradas), (entradas + 1, salidas))
        self.siguiente = siguiente

    def con_uno(self, x):
        return np.hstack([x, np.ones((len(x), 1))])

    def calcular(self, x):
        a = sigmoide(self.con_uno(x) @ self.pesos)
        if self.siguiente is None:
            return a
        return self.siguiente.calcular(a)

    def aprender(self, x, objetivo, tasa):
        """Ajusta esta capa y las que siguen; devuelve el error para la capa anterior."""
        entrada = self.con_uno(x)
        a = sigmoide(entrada @ self.pesos)
        if self.siguiente is None:
            delta = a - objetivo
        else:
            delta = self.siguiente.aprender(a, objetivo, tasa) * a * (1 - a)
        hacia_atras = delta @ self.pesos[:-1].T
        self.pesos -= tasa * entrada.T @ delta / len(x)
        return hacia_atras


class Red:
    def __init__(self, tamanos, semilla=4):
        azar = np.random.default_rng(semilla)
        capa = None
        for entradas, salidas in reversed(list(zip(tamanos[:-1], tamanos[1:]))):
            capa = Capa(entradas, salidas, azar, capa)
        self.primera = capa
        self.azar = azar

    def predecir(self, imagenes):
        return self.primera.calcular(imagenes)

    def entrenar(self, imagenes, etiquetas, epocas=5, tasa=1.0, lote=20):
        objetivos = np.eye(10)[etiquetas]
        n = len(imagenes)
        for epoca in range(epocas):
            orden = self.azar.permutation(n)
            for i in range(0, n, lote):
                elegidos = orden[i:i + lote]
                self.primera.aprender(imagenes[elegidos], objetivos[elegidos], tasa)
            print("epoca", epoca + 1, "de", epocas)
        return self

    def aciertos(self, imagenes, etiquetas):
        return np.mean(self.predecir(imagenes).argmax(axis=1) == etiquetas)


def case(x, y, test_x, test_y):
    red = Red([784, 40, 40, 10])
    return (x, y), (test_x, test_y), dict(network=red, epocas=5, tasa=1.0, lote=20)
