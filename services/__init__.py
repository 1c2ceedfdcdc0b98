"""The five services of Liangma and the frame they are bolted to."""
