import type {PrismTheme} from 'prism-react-renderer';

// Every colour here keeps at least 4.5:1 against its background (WCAG AA),
// which the themes that come with the highlighter do not.

export const lightCode: PrismTheme = {
  plain: {color: '#1f2a33', backgroundColor: '#f3f6f7'},
  styles: [
    {types: ['comment', 'prolog', 'doctype', 'cdata'], style: {color: '#55626c', fontStyle: 'italic'}},
    {types: ['keyword', 'atrule', 'rule', 'selector', 'important'], style: {color: '#8a1c5c'}},
    {types: ['string', 'char', 'attr-value', 'inserted', 'regex'], style: {color: '#1d6032'}},
    {types: ['number', 'boolean', 'constant', 'symbol'], style: {color: '#8a4300'}},
    {types: ['function', 'class-name', 'tag', 'title'], style: {color: '#0b4f9e'}},
    {types: ['attr-name', 'property', 'variable', 'builtin', 'key', 'table'], style: {color: '#0a5d61'}},
    {types: ['deleted'], style: {color: '#a01818'}},
    {types: ['operator', 'punctuation'], style: {color: '#46535c'}},
  ],
};

export const darkCode: PrismTheme = {
  plain: {color: '#dbe4e8', backgroundColor: '#161d22'},
  styles: [
    {types: ['comment', 'prolog', 'doctype', 'cdata'], style: {color: '#97a6af', fontStyle: 'italic'}},
    {types: ['keyword', 'atrule', 'rule', 'selector', 'important'], style: {color: '#f39ac7'}},
    {types: ['string', 'char', 'attr-value', 'inserted', 'regex'], style: {color: '#93d8a2'}},
    {types: ['number', 'boolean', 'constant', 'symbol'], style: {color: '#f2b678'}},
    {types: ['function', 'class-name', 'tag', 'title'], style: {color: '#8cc4ff'}},
    {types: ['attr-name', 'property', 'variable', 'builtin', 'key', 'table'], style: {color: '#7fd6cf'}},
    {types: ['deleted'], style: {color: '#ff9d97'}},
    {types: ['operator', 'punctuation'], style: {color: '#b3c0c7'}},
  ],
};
