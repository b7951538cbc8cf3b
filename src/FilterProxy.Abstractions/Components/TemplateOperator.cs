namespace FilterProxy;

/// <summary>Binds an operator to its arguments: null with an error when they do not fit.</summary>
/// <param name="argument">What stands in parentheses; empty where nothing does.</param>
/// <param name="mask">What the operator must not print; null for no secrets.</param>
/// <param name="error">What is wrong.</param>
internal delegate TemplateValue? TemplateBinder(string argument, TemplateMask? mask, out string error);

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
/// <param name="Kind">What its value can hold.</param>
/// <param name="Bind">Makes its value.</param>
/// <param name="IsConstant">The value depends on no exchange.</param>
internal sealed record TemplateOperator(
    string Name, TemplateArguments Arguments, TemplateKind Kind, TemplateBinder Bind, bool IsConstant = false)
{
    public static TemplateOperator Text(string name, TemplateValue value) => Without(name, TemplateKind.Text, value);

    public static TemplateOperator Plain(string name, TemplateValue value) => Without(name, TemplateKind.Plain, value);

    public static TemplateOperator Number(string name, TemplateValue value) => Without(name, TemplateKind.Number, value);

    private static TemplateOperator Without(string name, TemplateKind kind, TemplateValue value) =>
        new(name, TemplateArguments.None, kind, (string _, TemplateMask? _, out string error) =>
        {
            error = "";
            return value;
        });
}
