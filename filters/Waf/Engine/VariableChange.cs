namespace FilterProxy.Filters.Waf.Engine;

/// <summary>How <see cref="SetVariable"/> changes a value.</summary>
internal enum VariableChange
{
    Assign,
    Add,
    Subtract,
    Remove,
}
