"""Scripts: each is run in a child until it trains, and what it has in hand then is examined.

====================  ================================================================================================
the parent            `face`: it starts the child, waits, and reads what it says
the child             `child`, `run`; where files are read and written: `files`
its text              `source`, `inlining`, `notebook`
calls that train      `hook`, `call`, `subject`
loops that train      `loop`, `state`, `names`, `follow`, `fit`, `forward`; `optimizers`; one by one: `records`
what would help       `advice`
data                  `data`
where nothing helps   `watch`
====================  ================================================================================================
"""
