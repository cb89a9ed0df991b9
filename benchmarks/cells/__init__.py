"""What every recurrent cell costs: parameters, served passes, training steps."""
