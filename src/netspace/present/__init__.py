"""For people and other tools: pictures, the report, exports."""
