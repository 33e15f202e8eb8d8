"""What decisions taken later are worth: options valued on the samples of the plan itself."""
