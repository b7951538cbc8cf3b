namespace FilterProxy;

/// <summary>Binds an operator to its arguments: null with an error when they do not fit.</summary>
internal delegate TemplateValue? TemplateBinder(string argument, out string error);

/// <summary>What the arguments of an operator may be.</summary>
internal enum TemplateArguments
{
    None,
    Optional,
    Required,
}

/// <summary>A row of the table of operators.</summary>
/// <param name="Name">Its name in templates.</param>
/// <param name="Arguments">Whether it takes any.</param>
/// <param name="Bind">Makes its value; the argument is empty where none was given.</param>
/// <param name="IsConstant">The value depends on no exchange.</param>
internal sealed record TemplateOperator(string Name, TemplateArguments Arguments, TemplateBinder Bind, bool IsConstant = false)
{
    public static TemplateOperator Plain(string name, TemplateValue value) => new(name, TemplateArguments.None, (string _, out string error) =>
    {
        error = "";
        return value;
    });
}
