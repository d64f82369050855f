# Um comite de dez detetores: cada um so responde "e o meu algarismo?" (sim/nao)
import numpy as np


class Detetor:
    def __init__(self, algarismo, entradas, ocultos, gerador):
        self.algarismo = algarismo
        self.pesos = gerador.normal(size=(entradas, ocultos)) / np.sqrt(entradas)
        self.limiares = np.zeros(ocultos)
        self.saida = gerador.normal(size=ocultos) / np.sqrt(ocultos)
        self.limiar = np.zeros(1)

    def responder(self, imagens):
        self.h = np.tanh(imagens @ self.pesos + self.limiares)
        return 1.0 / (1.0 + np.exp(-(self.h @ self.saida + self.limiar)))

    def corrigir(self, imagens, alvo, taxa):
        quantos = len(imagens)
        erro = self.responder(imagens) - alvo
        erro_oculto = np.outer(erro, self.saida) * (1.0 - self.h ** 2)
        self.saida -= taxa * (self.h.T @ erro) / quantos
        self.limiar -= taxa * erro.mean()
        self.pesos -= taxa * (imagens.T @ erro_oculto) / quantos
        self.limiares -= taxa * erro_oculto.mean(axis=0)
        return np.mean(np.abs(erro))


class Comite:
    def __init__(self, entradas=784, ocultos=6, semente=20):
        gerador = np.random.default_rng(semente)
        self.detetores = [Detetor(k, entradas, ocultos, gerador) for k in range(10)]
        self.gerador = gerador
        self.historia = []

    def treinar(self, imagens, rotulos, epocas=4, taxa=0.6, lote=40):
        total = len(imagens)
        for epoca in range(epocas):
            ordem = self.gerador.permutation(total)
            soma = 0.0
            for inicio in range(0, total, lote):
                escolha = ordem[inicio:inicio + lote]
                soma += self.passo(imagens[escolha], rotulos[escolha], taxa)
            self.historia.append(soma / total * lote)
        return self.historia

    def passo(self, imagens, rotulos, taxa):
        desvio = 0.0
        for detetor in self.detetores:
            alvo = (rotulos == detetor.algarismo).astype(float)
            desvio += detetor.corrigir(imagens, alvo, taxa)
        return desvio / len(self.detetores)

    def prever(self, imagens):
        return np.stack([d.responder(imagens) for d in self.detetores], axis=1)

    def classificar(self, imagens):
        return self.prever(imagens).argmax(axis=1)

    def acerto(self, imagens, rotulos):
        return np.mean(self.classificar(imagens) == rotulos)


def case(x, y, test_x, test_y):
    comite = Comite()
    return (x, y), (test_x, test_y), dict(network=comite, epocas=4, taxa=0.6, lote=40)
