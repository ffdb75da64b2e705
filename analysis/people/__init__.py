"""What people judge: codes, agreement, corrected estimates, labels, intrusion."""
