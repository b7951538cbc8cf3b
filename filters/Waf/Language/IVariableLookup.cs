namespace FilterProxy.Filters.Waf.Language;

/// <summary>Answers the references of a macro.</summary>
internal interface IVariableLookup
{
    /// <summary>The first value of a variable, of that name where one is given; empty where there is none.</summary>
    string First(Variable variable, string? key);
}
