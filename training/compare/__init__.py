"""Recurrent cells side by side: one data set, one table, one plot."""
