"""First and last names by language region, most frequent first."""

FIRST_NAMES: dict[str, str] = {
    "en": """
        James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara
        Richard Susan Joseph Jessica Thomas Sarah Christopher Karen Charles Lisa Daniel Nancy
        Matthew Sandra Anthony Ashley Mark Emily Donald Kimberly Steven Margaret Andrew Donna
        Paul Michelle Joshua Carol Kenneth Amanda Kevin Melissa Brian Deborah Timothy Stephanie
        Ronald Rebecca Jason Laura Edward Sharon Jeffrey Cynthia Ryan Kathleen Jacob Amy Nicholas
        Angela Gary Shirley Eric Brenda Jonathan Emma Stephen Anna Larry Pamela Justin Nicole
        Scott Samantha Brandon Katherine Benjamin Christine Samuel Helen Gregory Debra Alexander
        Rachel Patrick Carolyn Frank Janet Raymond Maria Jack Catherine Dennis Heather Jerry
        Diane Tyler Olivia Aaron Julie Jose Joyce Adam Victoria Nathan Ruth Henry Virginia
        Zachary Lauren Douglas Kelly Peter Christina Kyle Joan Noah Evelyn Ethan Judith Jeremy
        Andrea Walter Hannah
    """,
    "de": """
        Thomas Andrea Michael Sabine Andreas Petra Stefan Claudia Christian Susanne Peter Anna
        Markus Julia Martin Katharina Matthias Stefanie Frank Martina Alexander Birgit Jan Nicole
        Daniel Monika Jürgen Melanie Klaus Sandra Uwe Christina Tobias Anja Sebastian Silke
        Florian Daniela Jörg Kerstin Ralf Lena Bernd Heike Philipp Ulrike Lukas Laura Felix
        Sophie Jonas Franziska Maximilian Lisa Björn Jana Torsten Katrin Günter Ines Holger
        Theresa
    """,
    "fr": """
        Jean Marie Pierre Nathalie Michel Isabelle Philippe Sylvie Alain Catherine Nicolas Céline
        Christophe Sandrine Laurent Sophie Frédéric Julie Stéphane Camille Julien Émilie David
        Aurélie Sébastien Hélène Thomas Léa Olivier Manon Antoine Chloé François Élodie Vincent
        Virginie Guillaume Pauline Mathieu Marion Alexandre Claire Maxime Charlotte Hugo Anaïs
        Lucas Mathilde Jérôme Delphine Benoît Inès Rémi Margaux Éric Agnès
    """,
    "es": """
        Antonio María José Carmen Manuel Ana Francisco Isabel David Laura Juan Cristina Javier
        Marta Daniel Lucía Carlos Pilar Miguel Elena Alejandro Sara Rafael Paula Pedro Raquel
        Ángel Rosa Fernando Beatriz Luis Patricia Pablo Silvia Sergio Nuria Jorge Mónica Alberto
        Andrea Álvaro Irene Diego Alba Adrián Rocío Raúl Inés Iván Sofía Rubén Verónica Óscar
        Claudia
    """,
    "it": """
        Giuseppe Anna Marco Francesca Andrea Giulia Francesco Maria Alessandro Chiara Luca Sara
        Antonio Laura Giovanni Valentina Roberto Elena Stefano Federica Matteo Silvia Davide
        Martina Paolo Paola Mario Elisa Simone Alessia Lorenzo Roberta Riccardo Giorgia Fabio
        Barbara Daniele Ilaria Michele Cristina Filippo Serena Nicolò Beatrice Tommaso Noemi
    """,
    "nl": """
        Jan Anna Peter Maria Johan Sanne Pieter Lisa Hendrik Emma Willem Eva Mark Anouk Thomas
        Iris Bas Femke Jeroen Lotte Sander Marieke Martijn Linda Tim Sophie Daan Julia Bram Fleur
        Ruben Esther Niels Marloes Wouter Ilse Joost Inge Maarten Roos Rutger Noor
    """,
    "se": """
        Lars Anna Anders Eva Johan Maria Erik Karin Per Kristina Karl Lena Mikael Sara Fredrik
        Emma Jonas Malin Peter Elin Andreas Johanna Magnus Linnéa Gustav Åsa Björn Märta Oskar
        Ida Henrik Ebba Mattias Frida Göran Ulrika Nils Hanna Östen Tove
    """,
    "pl": """
        Piotr Anna Krzysztof Maria Andrzej Katarzyna Tomasz Małgorzata Paweł Agnieszka Jan
        Barbara Michał Ewa Marcin Joanna Jakub Magdalena Adam Monika Łukasz Zofia Marek Natalia
        Grzegorz Karolina Mateusz Aleksandra Wojciech Julia Mariusz Dorota Rafał Iwona
    """,
    "in": """
        Amit Priya Rahul Anjali Rajesh Pooja Sanjay Neha Vijay Sunita Arjun Kavita Suresh Deepika
        Anil Shreya Ravi Meera Vikram Divya Manoj Ritu Ashok Sneha Karthik Lakshmi Nikhil
        Aishwarya Rohan Swati Deepak Ananya Arun Nisha Sandeep Radha Harish Isha Gaurav Tanvi
    """,
    "br": """
        José Maria João Ana Antônio Francisca Francisco Juliana Carlos Adriana Paulo Fernanda
        Pedro Patrícia Lucas Aline Luiz Camila Marcos Amanda Gabriel Bruna Rafael Letícia Daniel
        Júlia Marcelo Larissa Bruno Mariana Felipe Beatriz Eduardo Vitória Gustavo Débora Thiago
        Renata André Cláudia
    """,
}

LAST_NAMES: dict[str, str] = {
    "en": """
        Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez
        Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White
        Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres
        Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts
        Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales
        Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos
        Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes
        Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry
        Russell Sullivan Bell Coleman Butler Henderson Barnes Gonzales Fisher Vasquez Simmons
        Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West
        Cole Hayes Bryant O'Brien O'Connor Chen Singh Khan McDonald Ford Wells Hunter Mason Burke
        Dixon Palmer
    """,
    "de": """
        Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch
        Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann
        Hartmann Lange Schmitt Werner Krause Meier Lehmann Köhler Herrmann König Walter Mayer
        Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich
        Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Simon Ludwig
        Böhm Winter Kraus
    """,
    "fr": """
        Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent
        Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier Morel Girard André Lefèvre
        Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure Rousseau Blanc
        Guérin Muller Henry Roussel Nicolas Perrin Morin Mathieu Clément Gauthier Dumont Lopez
        Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly
        Gautier
    """,
    "es": """
        García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez
        Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez
        Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado Castro
        Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos Lozano
        Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Herrera Peña Flores Cabrera
    """,
    "it": """
        Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti
        De Luca Mancini Costa Giordano Rizzo Lombardi Moretti Barbieri Fontana Santoro Mariani
        Rinaldi Caruso Ferrara Galli Martini Leone Longo Gentile Martinelli Vitale Lombardo Serra
        Coppola Marchetti Parisi Villa Conte Ferraro Ferri Fabbri Bianco Marini Grasso Valentini
    """,
    "nl": """
        Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra
        Smits Jacobs Hermans Kuipers Veenstra Kok Willems Postma Schouten Koster Prins Huisman
        Peeters Kuiper Verhoeven Maas Scholten Bosman Timmermans Groen Gerritsen Jonker Molenaar
        Blom Vink Martens Wolters
    """,
    "se": """
        Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson
        Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson
        Olofsson Lindström Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren
        Lundqvist Mattsson Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin
        Engström Öberg
    """,
    "pl": """
        Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański
        Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Kaczmarek Piotrowski
        Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski
        Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski
    """,
    "in": """
        Sharma Patel Singh Kumar Gupta Reddy Shah Verma Rao Mehta Iyer Nair Joshi Agarwal Das
        Mishra Desai Chatterjee Banerjee Kapoor Malhotra Pillai Menon Bhat Chauhan Yadav Jain
        Kulkarni Srinivasan Mukherjee Naidu Saxena Tiwari Pandey Chopra Bose Ghosh Khanna Sethi
        Trivedi
    """,
    "br": """
        Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro
        Martins Carvalho Almeida Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento
        Andrade Moreira Nunes Marques Machado Mendes Freitas Cardoso Ramos Gonçalves Santana
        Teixeira Araújo Pinto Correia Moura Cavalcanti
    """,
}
