# scikit-learn's MLPClassifier: nothing is written by hand but the settings.
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings("ignore", category=ConvergenceWarning)


def case(x, y, test_x, test_y):
    X_train, X_test = x, test_x
    y_train, y_test = y, test_y
    clf = MLPClassifier(hidden_layer_sizes=(40,), activation="relu", solver="sgd", alpha=1e-4, batch_size=100,
                        learning_rate_init=0.1, max_iter=12, random_state=1)
    return (X_train, y_train), (X_test, y_test), {"network": clf}
