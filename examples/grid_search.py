"""Choose the number of hidden units and the dropout rate by scikit-learn's grid search. Needs cmlp[sklearn]."""

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from cmlp import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)

pipeline = make_pipeline(MinMaxScaler(), MLPClassifier(early_stopping=True, learning_rate_init=0.01, random_state=0))
grid = {
    "mlpclassifier__hidden_layer_sizes": [(8,), (64,), (64, 32)],
    "mlpclassifier__dropout": [0.0, 0.2],
}
search = GridSearchCV(pipeline, grid, cv=3).fit(X_train, y_train)

results = search.cv_results_
for parameters, score in zip(results["params"], results["mean_test_score"], strict=True):
    hidden, dropout = (parameters[name] for name in grid)
    print(f"hidden {hidden!s:8}  dropout {dropout}  {100 * score:.1f} %")
print(f"the best on the test data: {100 * search.score(X_test, y_test):.1f} %")
