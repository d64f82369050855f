# PyTorch as in most tutorials: a Module, a DataLoader, a criterion, an optimizer and two nested loops.
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)


class Net(nn.Module):
    def __init__(self, n_in=784, n_hidden=32, n_classes=10):
        super().__init__()
        self.encoder = nn.Linear(n_in, n_hidden)
        self.middle = nn.Linear(n_hidden, n_hidden)
        self.head = nn.Linear(n_hidden, n_classes)

    def forward(self, x):
        h = F.relu(self.encoder(x))
        h = F.relu(self.middle(h))
        out = self.head(h)
        return out


def train_model(model, data, epochs=5, batch_size=32, lr=0.1):
    X, y = data
    loader = DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        model.train()
        running_loss = 0.0
        for i, (inputs, labels) in enumerate(loader):
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()


def evaluate(model, data):
    X, y = data
    model.eval()
    with torch.no_grad():
        outputs = model(X)
        predicted = outputs.argmax(dim=1)
        correct = (predicted == y).sum().item()
    return correct / len(y)


def case(x, y, test_x, test_y):
    torch.manual_seed(1)
    train_data = (torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.long))
    test_data = (torch.tensor(test_x, dtype=torch.float32), torch.tensor(test_y, dtype=torch.long))
    return train_data, test_data, {"network": Net(), "fit": train_model, "score": evaluate, "epochs": 8, "lr": 0.1}
