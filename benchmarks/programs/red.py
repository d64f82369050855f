# Red neuronal multicapa (tarea de la asignatura).  Los parametros van en un diccionario de listas.
import numpy as np


def activacion(z):
    return np.tanh(z)


def crear_red(capas, semilla=0):
    rng = np.random.RandomState(semilla)
    red = {"pesos": [], "sesgos": []}
    for i in range(len(capas) - 1):
        red["pesos"].append(rng.randn(capas[i], capas[i + 1]) * np.sqrt(1.0 / capas[i]))
        red["sesgos"].append(np.zeros(capas[i + 1]))
    return red


def adelante(red, X):
    """Devuelve las probabilidades de las diez cifras."""
    salidas = activaciones_de(red, X)
    return salidas[-1]


def activaciones_de(red, X):
    a = [X]
    ultima = len(red["pesos"]) - 1
    for i, (W, b) in enumerate(zip(red["pesos"], red["sesgos"])):
        z = np.dot(a[-1], W) + b
        if i < ultima:
            a.append(activacion(z))
        else:
            z = z - z.max(axis=1)[:, np.newaxis]
            e = np.exp(z)
            a.append(e / e.sum(axis=1)[:, np.newaxis])
    return a


def paso(red, X, y, tasa=0.1):
    a = activaciones_de(red, X)
    n = len(X)
    etiquetas = np.zeros((n, 10))
    etiquetas[np.arange(n), y] = 1.0
    delta = (a[-1] - etiquetas) / n
    deltas = [delta]
    for i in reversed(range(1, len(red["pesos"]))):
        delta = np.dot(delta, red["pesos"][i].T) * (1.0 - a[i] ** 2)
        deltas.insert(0, delta)
    for i in range(len(red["pesos"])):
        red["pesos"][i] = red["pesos"][i] - tasa * np.dot(a[i].T, deltas[i])
        red["sesgos"][i] = red["sesgos"][i] - tasa * deltas[i].sum(axis=0)


def mezclar(X, y):
    orden = np.random.permutation(len(y))
    return X[orden], y[orden]


def entrenar(red, X, y, iteraciones=1000, tasa=0.1, lote=64):
    i = 0
    for iteracion in range(iteraciones):
        if i == 0:
            X, y = mezclar(X, y)
        paso(red, X[i:i + lote], y[i:i + lote], tasa)
        i += lote
        if i >= len(X):
            i = 0


def precision(red, X, y):
    aciertos = 0
    for cifra, probabilidades in zip(y, adelante(red, X)):
        if probabilidades.argmax() == cifra:
            aciertos += 1
    return 100.0 * aciertos / len(y)


def case(x, y, test_x, test_y):
    red = crear_red([784, 50, 10])
    return (x, y), (test_x, test_y), {"network": red, "fit": entrenar, "forward": adelante, "step": paso, "score": precision,
                                      "iteraciones": 800, "tasa": 0.2, "lote": 64}
