"""Stories: the whole service under a random schedule of scores, viewers and mishaps, judged by an
oracle that is written from the contract alone."""
