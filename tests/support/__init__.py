"""What several tests share: peers and references, programs that are run and harmed, and files made by hand."""
