"""Connections we can write to: bounded, watched for signs of life, ended in stages."""
