"""Scripts: each is run in a child until it trains, and what it has in hand then is examined.

====================  ================================================================================================
the parent            `face`: it starts the child as a `process`, waits, and reads what it says
the child             `child`, `run` by the `clock`; where files are read and written: `files`; `endings`
its text              `source`, `inlining`, `notebook`
what is examined      `subject`, found by `finder`
calls that train      `hook`, `call`, and the same call once more: `retraining`; in functions: `bodies`
loops that train      `loop`, `state`, `names`, `follow`, `fit`; `optimizers`; one by one: `records`
running the network   `forward`; by the loop itself: `turns`
what would help       `advice`, in the script's own `options`
data                  `data`
where nothing helps   `watch`
====================  ================================================================================================
"""
