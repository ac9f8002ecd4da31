"""The types a stored scikit-learn model may be made of. What is not listed here is refused.

All of them hold numbers, text and each other. None runs code that came with the data: there is no
partial, no bound method, no operator, no user's class, and functions are those named below.
The list is of scikit-learn 1.9; a test holds it to the installed version.
"""

from __future__ import annotations

from collections.abc import Mapping


def _names(module: str, names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for name in names.split())


def _paths(package: str, modules: Mapping[str, str]) -> frozenset[str]:
    return frozenset().union(*(_names(f"{package}.{module}", names) for module, names in modules.items()))


#: Every public estimator but Birch, whose tree of subclusters has no safe form.
ESTIMATORS = _paths(
    "sklearn",
    {
        "calibration": "CalibratedClassifierCV",
        "cluster._affinity_propagation": "AffinityPropagation",
        "cluster._agglomerative": "AgglomerativeClustering FeatureAgglomeration",
        "cluster._bicluster": "SpectralBiclustering SpectralCoclustering",
        "cluster._bisect_k_means": "BisectingKMeans",
        "cluster._dbscan": "DBSCAN",
        "cluster._hdbscan.hdbscan": "HDBSCAN",
        "cluster._kmeans": "KMeans MiniBatchKMeans",
        "cluster._mean_shift": "MeanShift",
        "cluster._optics": "OPTICS",
        "cluster._spectral": "SpectralClustering",
        "compose._column_transformer": "ColumnTransformer",
        "compose._target": "TransformedTargetRegressor",
        "covariance._elliptic_envelope": "EllipticEnvelope",
        "covariance._empirical_covariance": "EmpiricalCovariance",
        "covariance._graph_lasso": "GraphicalLasso GraphicalLassoCV",
        "covariance._robust_covariance": "MinCovDet",
        "covariance._shrunk_covariance": "LedoitWolf OAS ShrunkCovariance",
        "cross_decomposition._pls": "CCA PLSCanonical PLSRegression PLSSVD",
        "decomposition._dict_learning": "DictionaryLearning MiniBatchDictionaryLearning SparseCoder",
        "decomposition._factor_analysis": "FactorAnalysis",
        "decomposition._fastica": "FastICA",
        "decomposition._incremental_pca": "IncrementalPCA",
        "decomposition._kernel_pca": "KernelPCA",
        "decomposition._lda": "LatentDirichletAllocation",
        "decomposition._nmf": "MiniBatchNMF NMF",
        "decomposition._pca": "PCA",
        "decomposition._sparse_pca": "MiniBatchSparsePCA SparsePCA",
        "decomposition._truncated_svd": "TruncatedSVD",
        "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
        "dummy": "DummyClassifier DummyRegressor",
        "ensemble._bagging": "BaggingClassifier BaggingRegressor",
        "ensemble._forest": (
            "ExtraTreesClassifier ExtraTreesRegressor RandomForestClassifier RandomForestRegressor RandomTreesEmbedding"
        ),
        "ensemble._gb": "GradientBoostingClassifier GradientBoostingRegressor",
        "ensemble._hist_gradient_boosting.gradient_boosting": (
            "HistGradientBoostingClassifier HistGradientBoostingRegressor"
        ),
        "ensemble._iforest": "IsolationForest",
        "ensemble._stacking": "StackingClassifier StackingRegressor",
        "ensemble._voting": "VotingClassifier VotingRegressor",
        "ensemble._weight_boosting": "AdaBoostClassifier AdaBoostRegressor",
        "feature_extraction._dict_vectorizer": "DictVectorizer",
        "feature_extraction._hash": "FeatureHasher",
        "feature_extraction.image": "PatchExtractor",
        "feature_extraction.text": "CountVectorizer HashingVectorizer TfidfTransformer TfidfVectorizer",
        "feature_selection._from_model": "SelectFromModel",
        "feature_selection._rfe": "RFE RFECV",
        "feature_selection._sequential": "SequentialFeatureSelector",
        "feature_selection._univariate_selection": (
            "GenericUnivariateSelect SelectFdr SelectFpr SelectFwe SelectKBest SelectPercentile"
        ),
        "feature_selection._variance_threshold": "VarianceThreshold",
        "frozen._frozen": "FrozenEstimator",
        "gaussian_process._gpc": "GaussianProcessClassifier",
        "gaussian_process._gpr": "GaussianProcessRegressor",
        "impute._base": "MissingIndicator SimpleImputer",
        "impute._iterative": "IterativeImputer",
        "impute._knn": "KNNImputer",
        "isotonic": "IsotonicRegression",
        "kernel_approximation": "AdditiveChi2Sampler Nystroem PolynomialCountSketch RBFSampler SkewedChi2Sampler",
        "kernel_ridge": "KernelRidge",
        "linear_model._base": "LinearRegression",
        "linear_model._bayes": "ARDRegression BayesianRidge",
        "linear_model._coordinate_descent": (
            "ElasticNet ElasticNetCV Lasso LassoCV MultiTaskElasticNet MultiTaskElasticNetCV "
            "MultiTaskLasso MultiTaskLassoCV"
        ),
        "linear_model._glm.glm": "GammaRegressor PoissonRegressor TweedieRegressor",
        "linear_model._huber": "HuberRegressor",
        "linear_model._least_angle": "Lars LarsCV LassoLars LassoLarsCV LassoLarsIC",
        "linear_model._logistic": "LogisticRegression LogisticRegressionCV",
        "linear_model._omp": "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV",
        "linear_model._passive_aggressive": "PassiveAggressiveClassifier PassiveAggressiveRegressor",
        "linear_model._perceptron": "Perceptron",
        "linear_model._quantile": "QuantileRegressor",
        "linear_model._ransac": "RANSACRegressor",
        "linear_model._ridge": "Ridge RidgeCV RidgeClassifier RidgeClassifierCV",
        "linear_model._stochastic_gradient": "SGDClassifier SGDOneClassSVM SGDRegressor",
        "linear_model._theil_sen": "TheilSenRegressor",
        "manifold._classical_mds": "ClassicalMDS",
        "manifold._isomap": "Isomap",
        "manifold._locally_linear": "LocallyLinearEmbedding",
        "manifold._mds": "MDS",
        "manifold._spectral_embedding": "SpectralEmbedding",
        "manifold._t_sne": "TSNE",
        "mixture._bayesian_mixture": "BayesianGaussianMixture",
        "mixture._gaussian_mixture": "GaussianMixture",
        "model_selection._classification_threshold": "FixedThresholdClassifier TunedThresholdClassifierCV",
        "model_selection._search": "GridSearchCV RandomizedSearchCV",
        "model_selection._search_successive_halving": "HalvingGridSearchCV HalvingRandomSearchCV",
        "multiclass": "OneVsOneClassifier OneVsRestClassifier OutputCodeClassifier",
        "multioutput": "ClassifierChain MultiOutputClassifier MultiOutputRegressor RegressorChain",
        "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
        "neighbors._classification": "KNeighborsClassifier RadiusNeighborsClassifier",
        "neighbors._graph": "KNeighborsTransformer RadiusNeighborsTransformer",
        "neighbors._kde": "KernelDensity",
        "neighbors._lof": "LocalOutlierFactor",
        "neighbors._nca": "NeighborhoodComponentsAnalysis",
        "neighbors._nearest_centroid": "NearestCentroid",
        "neighbors._regression": "KNeighborsRegressor RadiusNeighborsRegressor",
        "neighbors._unsupervised": "NearestNeighbors",
        "neural_network._multilayer_perceptron": "MLPClassifier MLPRegressor",
        "neural_network._rbm": "BernoulliRBM",
        "pipeline": "FeatureUnion Pipeline",
        "preprocessing._data": (
            "Binarizer KernelCenterer MaxAbsScaler MinMaxScaler Normalizer PowerTransformer "
            "QuantileTransformer RobustScaler StandardScaler"
        ),
        "preprocessing._discretization": "KBinsDiscretizer",
        "preprocessing._encoders": "OneHotEncoder OrdinalEncoder",
        "preprocessing._function_transformer": "FunctionTransformer",
        "preprocessing._label": "LabelBinarizer LabelEncoder MultiLabelBinarizer",
        "preprocessing._polynomial": "PolynomialFeatures SplineTransformer",
        "preprocessing._target_encoder": "TargetEncoder",
        "random_projection": "GaussianRandomProjection SparseRandomProjection",
        "semi_supervised._label_propagation": "LabelPropagation LabelSpreading",
        "semi_supervised._self_training": "SelfTrainingClassifier",
        "svm._classes": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
        "tree._classes": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
    },
)

#: What fitted estimators hold beside arrays and other estimators.
PARTS = _paths(
    "sklearn",
    {
        "_loss.link": "HalfLogitLink IdentityLink Interval LogLink LogitLink MultinomialLogit",
        "_loss.loss": (
            "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss HalfPoissonLoss "
            "HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss"
        ),
        "calibration": "_CalibratedClassifier _SigmoidCalibration _TemperatureScaling",
        "cluster._bisect_k_means": "_BisectingTree",
        "ensemble._hist_gradient_boosting.binning": "_BinMapper",
        "ensemble._hist_gradient_boosting.predictor": "TreePredictor",
        "gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
        "gaussian_process.kernels": (
            "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Matern PairwiseKernel Product "
            "RBF RationalQuadratic Sum WhiteKernel"
        ),
        "metrics._dist_metrics": (
            "BrayCurtisDistance64 CanberraDistance64 ChebyshevDistance64 DiceDistance64 EuclideanDistance64 "
            "HammingDistance64 HaversineDistance64 JaccardDistance64 MahalanobisDistance64 ManhattanDistance64 "
            "MinkowskiDistance64 RogersTanimotoDistance64 RussellRaoDistance64 SEuclideanDistance64 "
            "SokalMichenerDistance64 SokalSneathDistance64"
        ),
        "metrics._scorer": "_CurveScorer _PassthroughScorer _Scorer",
        "model_selection._split": (
            "GroupKFold GroupShuffleSplit KFold LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut "
            "PredefinedSplit RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedGroupKFold "
            "StratifiedKFold StratifiedShuffleSplit TimeSeriesSplit"
        ),
        "multiclass": "_ConstantPredictor",
        "neighbors._ball_tree": "BallTree",
        "neighbors._kd_tree": "KDTree",
        "neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
        "utils._metadata_requests": "MetadataRequest MethodMetadataRequest",
    },
) | frozenset({"scipy.interpolate._bsplines.BSpline"})

#: XGBoost's estimators; the trees inside are kept as UBJ.
XGBOOST = _paths("xgboost", {"sklearn": "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor"}) | {
    "hanalife.storage.boosters.StoredBooster"
}

_LOSSES = _paths(
    "sklearn",
    {
        "_loss._loss": (
            "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
            "CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHuberLoss "
            "CyPinballLoss"
        ),
        "linear_model._sgd_fast": ("EpsilonInsensitive Hinge ModifiedHuber SquaredEpsilonInsensitive SquaredHinge"),
    },
)

_SCALARS = _names(
    "numpy",
    "bool bytes_ complex64 complex128 datetime64 float16 float32 float64 int8 int16 int32 int64 longdouble "
    "longlong str_ timedelta64 uint8 uint16 uint32 uint64 ulonglong",
)

_SPARSE = _paths(
    "scipy.sparse",
    {f"_{kind}": f"{kind}_array {kind}_matrix" for kind in ("bsr", "coo", "csc", "csr", "dia")},
)

#: Functions of one array, or scores of two; they compute and do nothing else.
_FUNCTIONS = (
    _names(
        "numpy",
        "abs absolute cbrt ceil cos exp exp2 expm1 floor log log10 log1p log2 max mean median min negative "
        "reciprocal rint round sign sin sqrt square sum tan tanh",
    )
    | _paths(
        "sklearn",
        {
            "cluster._kmeans": "_kmeans_single_elkan _kmeans_single_lloyd",
            "feature_selection._mutual_info": "mutual_info_classif mutual_info_regression",
            "feature_selection._univariate_selection": "chi2 f_classif f_oneway f_regression r_regression",
            "metrics._classification": (
                "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score d2_brier_score "
                "d2_log_loss_score f1_score fbeta_score jaccard_score log_loss matthews_corrcoef precision_score "
                "recall_score"
            ),
            "metrics._ranking": "average_precision_score roc_auc_score top_k_accuracy_score",
            "metrics._regression": (
                "d2_absolute_error_score explained_variance_score max_error mean_absolute_error "
                "mean_absolute_percentage_error mean_gamma_deviance mean_pinball_loss mean_poisson_deviance "
                "mean_squared_error mean_squared_log_error median_absolute_error r2_score "
                "root_mean_squared_error root_mean_squared_log_error"
            ),
        },
    )
    | {"scipy._lib.array_api_compat.numpy._aliases.asarray"}  # held by SplineTransformer
)

_BUILTINS = _names("builtins", "bool float int str")

#: What a key's text gives back; bool is none of them, because bool("false") is true.
KEYS = _names("builtins", "float int str") | _names(
    "numpy", "float32 float64 int16 int32 int64 int8 str_ uint16 uint32 uint64 uint8"
)

#: For each kind of entry of a skops schema, the types it may name.
ALLOWED: Mapping[str, frozenset[str]] = {
    "BytesNode": frozenset({"builtins.bytes"}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "DefaultDictNode": frozenset({"collections.defaultdict"}),
    "DictNode": frozenset({"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"}),
    "FunctionNode": _FUNCTIONS,
    "JsonNode": frozenset({"builtins.str"}),  # any JSON value, in spite of its name
    "ListNode": frozenset({"builtins.list"}),
    "LossNode": _LOSSES,
    "MaskedArrayNode": frozenset({"numpy.ma.MaskedArray"}),
    "NdArrayNode": _SCALARS | {"numpy.ndarray"},
    "ObjectNode": ESTIMATORS | PARTS | XGBOOST,
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SetNode": frozenset({"builtins.set"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "SparseMatrixNode": _SPARSE,
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "TupleNode": frozenset({"builtins.tuple", "sklearn.impute._iterative._ImputerTriplet"}),
    "TypeNode": _BUILTINS | _SCALARS | {"builtins.dict", "builtins.list", "builtins.set", "builtins.tuple"},
}
