namespace FilterProxy;

/// <summary>What the result of a <see cref="Template"/> can hold, known before there is an exchange.</summary>
public enum TemplateKind
{
    /// <summary>Anything: what a client sent, or text of the configuration.</summary>
    Text,

    /// <summary>Visible ASCII and spaces without <c>"</c> and <c>\</c>: nothing to escape.</summary>
    Plain,

    /// <summary>A decimal number, from an operator that stands alone.</summary>
    Number,
}
