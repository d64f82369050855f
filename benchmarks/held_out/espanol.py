import numpy as np


def tangente(z):
    return np.tanh(z)


def derivada_tangente(a):
    return 1.0 - a ** 2


class RedNeuronal:
    def __init__(self, entradas, ocultas, salidas, semilla=2024):
        self.azar = np.random.RandomState(semilla)
        self.pesos = {
            "entrada_oculta": self.azar.randn(ocultas, entradas) / np.sqrt(entradas),
            "oculta_salida": self.azar.randn(salidas, ocultas) / np.sqrt(ocultas),
        }
        self.sesgos = {
            "oculta": np.zeros(ocultas),
            "salida": np.zeros(salidas),
        }
        self.errores = []

    def propagar(self, imagenes):
        oculta = tangente(imagenes.dot(self.pesos["entrada_oculta"].T) + self.sesgos["oculta"])
        salida = tangente(oculta.dot(self.pesos["oculta_salida"].T) + self.sesgos["salida"])
        return oculta, salida

    def salida(self, imagenes):
        return self.propagar(imagenes)[1]

    def retropropagar(self, imagenes, objetivos):
        oculta, salida = self.propagar(imagenes)
        error = salida - objetivos
        delta_salida = error * derivada_tangente(salida)
        delta_oculta = delta_salida.dot(self.pesos["oculta_salida"]) * derivada_tangente(oculta)
        n = imagenes.shape[0]
        gradientes = {
            "oculta_salida": delta_salida.T.dot(oculta) / n,
            "entrada_oculta": delta_oculta.T.dot(imagenes) / n,
            "salida": delta_salida.mean(axis=0),
            "oculta": delta_oculta.mean(axis=0),
        }
        return gradientes, 0.5 * np.mean(np.sum(error ** 2, axis=1))

    def actualizar(self, gradientes, tasa):
        for nombre in self.pesos:
            self.pesos[nombre] = self.pesos[nombre] - tasa * gradientes[nombre]
        for nombre in self.sesgos:
            self.sesgos[nombre] = self.sesgos[nombre] - tasa * gradientes[nombre]

    def entrenar(self, datos, epocas=6, tasa=0.1, lote=20):
        imagenes = datos["imagenes"]
        objetivos = codificar(datos["etiquetas"])
        cortes = range(0, len(imagenes), lote)
        for epoca in range(epocas):
            suma = 0.0
            orden = self.azar.permutation(len(imagenes))
            for c in cortes:
                elegidos = orden[c:c + lote]
                gradientes, coste = self.retropropagar(imagenes[elegidos], objetivos[elegidos])
                self.actualizar(gradientes, tasa)
                suma += coste
            self.errores.append(suma / len(cortes))

    def predecir(self, imagenes):
        return np.argmax(self.salida(imagenes), axis=1)

    def precision(self, datos):
        aciertos = self.predecir(datos["imagenes"]) == datos["etiquetas"]
        return 100.0 * np.sum(aciertos) / len(aciertos)


def codificar(etiquetas):
    objetivos = -np.ones((len(etiquetas), 10))
    for fila, etiqueta in enumerate(etiquetas):
        objetivos[fila, etiqueta] = 1.0
    return objetivos


def case(x, y, test_x, test_y):
    red = RedNeuronal(784, 40, 10)
    entrenamiento = {"imagenes": x, "etiquetas": y}
    prueba = {"imagenes": test_x, "etiquetas": test_y}
    return entrenamiento, prueba, dict(network=red, epocas=6, tasa=0.1, lote=20)
